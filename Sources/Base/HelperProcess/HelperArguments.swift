package import BytePath

/// The words of a helper's command line while they are written. Words are bytes: paths need not be text.
package struct HelperArguments: Hashable, Sendable {
    package private(set) var words: [BytePath] = []

    package init() {}

    package mutating func add(_ option: BytePath, _ values: BytePath...) {
        add(option, values)
    }

    package mutating func add(_ option: BytePath, _ values: [BytePath]) {
        words.append(option)
        words += values
    }

    /// Leaves out what there is not.
    package mutating func add(_ option: BytePath, number: Int32?) {
        if let number { add(option, BytePath("\(number)")) }
    }

    package mutating func add(_ option: BytePath, path: BytePath?) {
        if let path { add(option, path) }
    }

    package mutating func add(_ option: BytePath, choice: some RawRepresentable<String>) {
        add(option, BytePath(choice.rawValue))
    }

    package mutating func add(_ option: BytePath, if isSet: Bool) {
        if isSet { add(option) }
    }
}

/// The words of a helper's command line while they are read, from left to right.
package struct HelperArgumentReader: Sendable {
    /// Why a command line is none: which of its words is wrong, and how.
    package struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
        package let word: BytePath
        package let cause: String

        package init(_ word: BytePath, _ cause: String) {
            self.word = word
            self.cause = cause
        }

        package var description: String { word.isEmpty ? cause : "\(word.display) \(cause)" }
    }

    private let words: [BytePath]
    private var position = 0

    package init(_ words: [BytePath]) {
        self.words = words
    }

    /// What has not been read.
    package var rest: [BytePath] { Array(words[position...]) }

    /// The next word; nil at the end.
    package mutating func next() -> BytePath? {
        guard position < words.count else { return nil }
        position += 1
        return words[position - 1]
    }

    package mutating func value(of option: BytePath) throws(Malformed) -> BytePath {
        guard let value = next() else { throw Malformed(option, "needs a value") }
        return value
    }

    /// As many words as `count` says.
    package mutating func values(of option: BytePath, count: Int) throws(Malformed) -> [BytePath] {
        guard count >= 0, count <= words.count - position else {
            throw Malformed(option, "has fewer words than it says")
        }
        defer { position += count }
        return Array(words[position..<(position + count)])
    }

    /// A number that is not negative, in the one way it is written.
    package mutating func number(of option: BytePath) throws(Malformed) -> Int32 {
        let word = try value(of: option)
        guard let number = Int32(word.display), number >= 0, BytePath("\(number)") == word else {
            throw Malformed(option, "needs a number")
        }
        return number
    }

    package mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        of option: BytePath
    ) throws(Malformed) -> Choice {
        guard let choice = Choice(rawValue: try value(of: option).display) else {
            throw Malformed(option, "is none of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }
}
