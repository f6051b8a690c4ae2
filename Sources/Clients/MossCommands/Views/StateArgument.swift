internal import ArgumentParser
internal import Installation

/// A state on the command line: its number, or `active`.
struct StateArgument: ExpressibleByArgument, Hashable {
    let subject: ViewSubject

    init?(argument: String) {
        if argument == "active" {
            subject = .active
        } else if let number = UInt64(argument) {
            subject = .state(number)
        } else {
            return nil
        }
    }
}
