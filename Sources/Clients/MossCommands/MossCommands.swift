internal import ArgumentParser
import Glibc
internal import TerminalOutput

/// The moss command line: a folder per noun, a file per verb, and no decisions of its own.
///
/// Commands ask `Installation` or `StoneFormat`, turn the answer into a ``Report``, and the context shows that as text
/// or as JSON.
package enum MossCommands {
    package static let version = "0.1.0"

    /// Runs the command line of this process and returns its exit code.
    package static func main() -> Int32 {
        TerminalStream.ignoreClosedPipes()
        var arguments = processArguments()
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
            show("\(MountHelper.programName): \(error)", on: STDERR_FILENO)
            return MountHelper.exitCode(for: MossExit.usage.rawValue)
        }
    }

    /// Runs one command line.
    ///
    /// - Parameter arguments: without the program's name; see ``ArgumentText`` for bytes that are not UTF-8.
    package static func run(_ arguments: [String]) -> Int32 {
        let arguments = CommandLineForm.rewritten(arguments)
        do {
            let command = try Moss.parseAsRoot(arguments)
            if let command = command as? any MossCommand { return CommandContext.run(command) }
            if command is any NounCommand {
                show(Moss.helpMessage(for: type(of: command)), on: STDERR_FILENO)
                return MossExit.usage.rawValue
            }
            var builtIn = command
            try builtIn.run()
            return MossExit.done.rawValue
        } catch {
            return report(error, arguments)
        }
    }

    /// Help, versions and completion scripts come as errors too; those go to standard output.
    private static func report(_ error: any Error, _ arguments: [String]) -> Int32 {
        if Moss.exitCode(for: error) == .success {
            show(Moss.fullMessage(for: error), on: STDOUT_FILENO)
            return MossExit.done.rawValue
        }
        let failure = CommandFailure(.usage, code: "usage", Moss.message(for: error))
        if arguments.contains("--json") {
            let output = TerminalStream(descriptor: STDOUT_FILENO, colours: .never)
            output.line(JSONDocument.text(command: "", failure: failure))
            output.flush()
        } else {
            show(Moss.fullMessage(for: error), on: STDERR_FILENO)
        }
        return MossExit.usage.rawValue
    }

    private static func show(_ text: String, on descriptor: Int32) {
        let stream = TerminalStream(descriptor: descriptor, colours: .never)
        stream.line(text)
        stream.flush()
    }

    /// The program's name first.
    private static func processArguments() -> [String] {
        let arguments = UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
        return arguments.compactMap { pointer in
            pointer.map { ArgumentText.text(of: UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
        }
    }
}
