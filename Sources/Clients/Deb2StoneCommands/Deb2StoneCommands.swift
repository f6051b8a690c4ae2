internal import ArgumentParser
internal import CommandLineSupport
internal import LinuxSystem

/// The deb2stone command line: one command, and what it says of a conversion.
///
/// `DebianImport` converts and `Publishing` writes the index; errors and reports become text, JSON and exit codes.
package enum Deb2StoneCommands {
    /// Runs the command line of this process and returns its exit code.
    package static func main() -> Int32 {
        CurrentProcess.prepare()
        return run(Array(ArgumentText.ofProcess().dropFirst()))
    }

    /// Runs one command line.
    ///
    /// - Parameter arguments: without the program's name; see ``ArgumentText`` for bytes that are not UTF-8.
    package static func run(_ arguments: [String]) -> Int32 {
        let voice = ProgramOutput(of: "deb2stone")
        do {
            var command = try Deb2Stone.parseAsRoot(arguments)
            if let command = command as? Deb2Stone { return try command.perform(voice) }
            // One of the parser's own.
            try command.run()
            return Deb2StoneExit.done.rawValue
        } catch let failure as ProgramFailure<Deb2StoneExit> {
            voice.complain(failure.message)
            return failure.exit.rawValue
        } catch {
            return voice.end(Deb2Stone.self, with: error, usage: Deb2StoneExit.usage)
        }
    }
}
