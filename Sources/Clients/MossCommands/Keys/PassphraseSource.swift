internal import CommandLineSupport
internal import LinuxSystem
internal import TerminalOutput
internal import Trust

/// Where a command gets passphrases: lines of an open file, or the person at the terminal.
final class PassphraseSource {
    /// Lines that nobody took yet; nil asks the person.
    private var lines: [[UInt8]]?

    init(descriptor: Int32?) throws(CommandFailure) {
        guard let descriptor else { return }
        // It is closed afterwards, and whatever is opened next would get what is meant for people.
        guard descriptor != 1, descriptor != 2 else {
            throw CommandFailure(.usage, code: "usage", "--passphrase-fd \(descriptor): this is where output goes")
        }
        do throws(SystemError) {
            let text = try Descriptor(taking: descriptor).readToEnd(limit: 64 << 10)
            var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
            if lines.last?.isEmpty == true { lines.removeLast() }
            self.lines = lines
        } catch {
            throw CommandFailure(
                .failed, code: "failed",
                "--passphrase-fd \(descriptor): \(error); give the number of a file open for reading")
        }
    }

    /// The passphrase of a key that there is.
    func next(for name: String) throws(CommandFailure) -> [UInt8] {
        guard lines != nil else { return try ask("Passphrase of \(name.printable): ", name) }
        guard let line = lines?.first else {
            throw CommandFailure(
                .notConfirmed, code: "noPassphrase",
                "\(name): there is no line left for its passphrase; nothing was changed")
        }
        lines?.removeFirst()
        return line
    }

    /// A passphrase for a new key, which a person says twice.
    func new(for name: String) throws(CommandFailure) -> [UInt8] {
        let passphrase = try next(for: name)
        guard lines == nil, try ask("The same again: ", name) != passphrase else { return passphrase }
        throw CommandFailure(
            .notConfirmed, code: "noPassphrase", "\(name): these were two different passphrases; nothing was changed")
    }

    private func ask(_ question: String, _ name: String) throws(CommandFailure) -> [UInt8] {
        guard Question.canAsk else {
            throw CommandFailure(
                .notConfirmed, code: "noPassphrase",
                "\(name): there is nobody to ask for the passphrase; give it with --passphrase-fd; nothing was changed")
        }
        let byteCountMax = SecretKeyFile.passphraseByteCounts.upperBound
        guard let answer = Question.secret(question, byteCountMax: byteCountMax) else {
            throw CommandFailure(
                .notConfirmed, code: "noPassphrase", "\(name): no passphrase was given; nothing was changed")
        }
        return answer
    }
}
