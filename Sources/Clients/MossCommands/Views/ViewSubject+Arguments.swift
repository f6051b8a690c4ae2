internal import Installation
internal import States

extension ViewSubject {
    /// What a command line names: a state's number or name, or `active`; or, where there are any, changes.
    init(state: String, candidate: [String], in installation: Installation) throws {
        if !candidate.isEmpty {
            var changes: [Change] = []
            for text in candidate { changes += try CandidateText(text).changes }
            self = .candidate(changes)
        } else if state == "active" {
            self = .active
        } else {
            self = .state(try installation.state(state).number)
        }
    }
}
