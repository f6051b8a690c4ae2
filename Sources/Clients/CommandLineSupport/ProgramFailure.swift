/// Why a command ends with an exit code other than 0.
package struct ProgramFailure<Exit: ProgramExit>: Error, Hashable, Sendable {
    package var exit: Exit
    /// One word for programs, the same in every language.
    package var code: String
    /// Subject, cause and next step; perhaps several lines.
    package var message: String

    package init(_ exit: Exit, code: String, _ message: String) {
        self.exit = exit
        self.code = code
        self.message = message
    }
}
