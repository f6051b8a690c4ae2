import Glibc

/// Questions to the person at the terminal.
package enum Question {
    /// Whether there is anybody to ask.
    package static var canAsk: Bool { isatty(STDIN_FILENO) == 1 }

    /// Asks on standard error and reads one line; anything but `y` and `yes`, and the end of input, is no.
    package static func confirm(_ question: String) -> Bool {
        say("\(question) [y/N] ")
        return isYes(readLine(strippingNewline: true) ?? "")
    }

    package static func isYes(_ answer: String) -> Bool {
        let word = answer.split(whereSeparator: { $0 == " " || $0 == "\t" }).first.map { $0.lowercased() }
        return word == "y" || word == "yes"
    }
}
