internal import ArgumentParser
internal import CommandLineSupport
internal import LinuxSystem

/// The moss command line: a folder per noun, a file per verb, and no decisions of its own.
///
/// Commands ask `Installation` or `StoneFormat`, turn the answer into a ``Report``, and the context shows that as text
/// or as JSON.
package enum MossCommands {
    package static let version = "0.1.0"
    /// What its JSON documents say they are.
    package static let jsonSchema = "moss/1"

    /// Runs the command line of this process and returns its exit code.
    package static func main() -> Int32 {
        CurrentProcess.prepare()
        var arguments = ArgumentText.ofProcess()
        let name = arguments.isEmpty ? "" : arguments.removeFirst()
        let isMountHelper = name.split(separator: "/").last.map { $0 == MountHelper.programName } ?? false
        return isMountHelper ? mount(arguments) : run(arguments)
    }

    /// Runs as the helper of mount(8).
    private static func mount(_ arguments: [String]) -> Int32 {
        do throws(MountHelper.Malformed) {
            guard let arguments = try MountHelper.arguments(for: arguments) else { return 0 }
            return MountHelper.exitCode(for: run(arguments))
        } catch {
            ProgramOutput(of: MountHelper.programName).complain("\(error)")
            return MountHelper.exitCode(for: MossExit.usage.rawValue)
        }
    }

    /// Runs one command line.
    ///
    /// - Parameter arguments: without the program's name; see ``ArgumentText`` for bytes that are not UTF-8.
    package static func run(_ arguments: [String]) -> Int32 {
        let voice = Moss.voice
        let isJSON = arguments.prefix { $0 != "--" }.contains("--json")
        do {
            let command = try Moss.parseAsRoot(CommandLineForm.rewritten(arguments))
            if let command = command as? any MossCommand { return CommandContext.run(command) }
            if command is any NounCommand {
                let type = type(of: command)
                if isJSON { return refuse("name a command: \(CommandTree.verbs(of: type))", isJSON: true) }
                voice.explain(Moss.helpMessage(for: type))
                return MossExit.usage.rawValue
            }
            var builtIn = command
            try builtIn.run()
            return MossExit.done.rawValue
        } catch let error as CommandLineForm.Problem {
            return refuse(error.description, isJSON: isJSON)
        } catch {
            if isJSON && Moss.exitCode(for: error) != .success {
                return refuse(Moss.message(for: error), isJSON: true)
            }
            return voice.end(Moss.self, with: error, usage: MossExit.usage)
        }
    }

    /// Says that a command line makes no sense, and why.
    private static func refuse(_ message: String, isJSON: Bool) -> Int32 {
        let failure = CommandFailure(.usage, code: "usage", message)
        let document = JSONDocument.text(schema: jsonSchema, command: "", failure: failure) + "\n"
        // Where the document is lost, people are told at least.
        if !isJSON || (try? Moss.voice.deliver(document)) == nil { Moss.voice.complain(message) }
        return MossExit.usage.rawValue
    }
}
