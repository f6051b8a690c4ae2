package import TerminalOutput

/// What a command has to say: encoded it is the `data` of its JSON, written it is its text.
package protocol Report: Encodable {
    func write(to output: TerminalStream)
}
