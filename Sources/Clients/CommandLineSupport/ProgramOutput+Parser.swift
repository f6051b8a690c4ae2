package import ArgumentParser

extension ProgramOutput {
    /// Ends a program whose command line did not become a command: with an answer, such as help, a version or a
    /// completion script, all of which the parser throws like errors; or by saying what makes no sense.
    ///
    /// - Parameters:
    ///   - root: the command that the line was parsed for.
    ///   - usage: the exit code for what makes no sense.
    /// - Returns: the exit code.
    package func end(_ root: any ParsableCommand.Type, with error: any Error, usage: some ProgramExit) -> Int32 {
        let text = root.fullMessage(for: error)
        if root.exitCode(for: error) == .success { return answer(text) }
        if !text.isEmpty { explain(text) }
        return usage.rawValue
    }
}
