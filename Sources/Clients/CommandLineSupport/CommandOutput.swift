import Glibc
internal import LinuxSystem
package import TerminalOutput

/// What a running command says and how: reports as text or as one JSON document on standard output, remarks and
/// failures on standard error.
///
/// Used by one thread at a time, but for ``notice``.
package final class CommandOutput {
    package let output: TerminalStream
    package let messages: TerminalStream
    /// Noun and verb, as in `list installed`.
    package let title: String
    private let voice: ProgramOutput
    /// The JSON's schema; nil for text.
    private let schema: String?
    /// Remarks for the JSON document.
    private let notices = Guarded<[String]>([])

    /// - Parameters:
    ///   - schema: of the JSON that is to be said instead of text; nil for text.
    ///   - colours: when text has them; JSON never has.
    package init(of voice: ProgramOutput, title: String, jsonSchema schema: String?, colours: ColourChoice) {
        self.voice = voice
        self.title = title
        self.schema = schema
        output = TerminalStream(descriptor: STDOUT_FILENO, colours: schema == nil ? colours : .never)
        messages = TerminalStream(descriptor: STDERR_FILENO, colours: colours)
    }

    /// Shows a report in the form that was asked for.
    package func show(_ report: some Report) {
        if let schema {
            output.line(
                JSONDocument.text(schema: schema, command: title, notices: notices.withLock { $0 }, data: report))
        } else {
            report.write(to: output)
        }
    }

    /// Says why the command failed: in lines on standard error, or in the JSON document.
    package func fail(_ failure: ProgramFailure<some ProgramExit>) {
        if let schema {
            let notices = notices.withLock { $0 }
            output.line(JSONDocument.text(schema: schema, command: title, notices: notices, failure: failure))
            // Where the document is lost, people are told at least.
            if (try? output.finish()) != nil { return }
        }
        output.flush()
        let lines = failure.message.split(separator: "\n", omittingEmptySubsequences: true).map { String($0).printable }
        messages.line(messages.paint("\(voice.program): ", .red) + (lines.first ?? "failed"))
        for line in lines.dropFirst() { messages.line("  " + line) }
        messages.flush()
    }

    /// A remark on standard error.
    package func note(_ text: String) {
        output.flush()
        messages.line("\(voice.program): \(text.printable)")
        messages.flush()
    }

    /// A remark on what was done, for people and in the JSON.
    package func remark(_ text: String) {
        output.flush()
        notice(text)
    }

    /// Takes remarks from any thread: for the JSON document, or onto standard error at once.
    package var notice: @Sendable (String) -> Void {
        if schema != nil {
            let notices = notices
            return { text in notices.withLock { $0.append(text) } }
        }
        let voice = voice
        return { text in voice.complain(text) }
    }

    /// Writes out what is left of the output of a command that did what it was asked.
    ///
    /// - Returns: `status`, or the exit code for lost output in the place of 0: what was found out counts more than
    ///   that nobody could read it.
    package func finish(with status: Int32) -> Int32 {
        do throws(SystemError) {
            try output.finish()
            return status
        } catch {
            let lost = voice.complain(ofLoss: error, after: "\(title): done")
            return status == 0 ? lost : status
        }
    }
}
