internal import ArgumentParser
internal import Installation
internal import States

/// A state on the command line: its number or its name.
struct StateReference: ExpressibleByArgument, Hashable, Sendable {
    let text: String

    init?(argument: String) {
        guard UInt64(argument) != nil || StatePin.isValid(name: argument) else { return nil }
        text = argument
    }

    func state(in installation: Installation) throws(InstallationError) -> State {
        try installation.state(text)
    }
}
