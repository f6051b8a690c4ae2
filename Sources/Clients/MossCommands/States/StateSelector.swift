internal import ArgumentParser

/// States on the command line: a number or a range of them, or a name.
enum StateSelector: Hashable, Sendable {
    case range(StateRange)
    case name(StateReference)
}

extension StateSelector: ExpressibleByArgument {
    init?(argument: String) {
        if let range = StateRange(argument) {
            self = .range(range)
        } else if let name = StateReference(argument: argument) {
            self = .name(name)
        } else {
            return nil
        }
    }
}
