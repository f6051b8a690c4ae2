package import BytePath

/// What people type to find paths below `/usr`: a part of a path or, with `*`, `?` or `[` in it, what all of the path
/// has to be.
///
/// `?` and `*` stand for one byte and any number of them, but for "/"; `**` for any number of any; `[a-z]` and `[!a-z]`
/// for one of some or of all others. A pattern with such a sign and without "/" is about names alone. `/usr/` in front
/// is left out.
package struct FilePattern: Sendable {
    private enum Part: Hashable, Sendable {
        case byte(UInt8)
        case one
        case set([ClosedRange<UInt8>], isInverted: Bool)
        /// `*`, or `**`.
        case many(crossesDirectories: Bool)
    }

    private static let slash = UInt8(ascii: "/")
    private let parts: [Part]
    private let isGlob: Bool
    /// Of each beginning of a plain part of a path, the longest shorter one that it ends with (Knuth, Morris, Pratt).
    private let fallback: [Int]
    private let word: [UInt8]
    /// Every path that fits begins with these bytes.
    package let literalStart: [UInt8]

    package init(_ text: BytePath) {
        let text = text.bytes.starts(with: "/usr/".utf8) ? Array(text.bytes.dropFirst(5)) : text.bytes
        isGlob = text.contains { "*?[".utf8.contains($0) }
        word = text
        guard isGlob else {
            (parts, literalStart, fallback) = ([], [], Self.fallback(of: text))
            return
        }
        parts = Self.parts(of: text)
        fallback = []
        literalStart =
            !text.contains(Self.slash)
            ? []
            : parts.prefix { if case .byte = $0 { true } else { false } }.compactMap {
                if case .byte(let byte) = $0 { byte } else { nil }
            }
    }

    package func matches(_ path: [UInt8]) -> Bool {
        guard isGlob else { return contains(path) }
        guard word.contains(Self.slash) else {
            let name = path.lastIndex(of: Self.slash).map { path.index(after: $0) } ?? 0
            return fits(path, from: name)
        }
        return fits(path, from: 0)
    }

    // MARK: Parts of a path

    private static func fallback(of word: [UInt8]) -> [Int] {
        var fallback = Array(repeating: 0, count: word.count)
        var matched = 0
        for index in word.indices.dropFirst() {
            while matched > 0, word[index] != word[matched] { matched = fallback[matched - 1] }
            if word[index] == word[matched] { matched += 1 }
            fallback[index] = matched
        }
        return fallback
    }

    private func contains(_ path: [UInt8]) -> Bool {
        if word.isEmpty { return true }
        var matched = 0
        for byte in path {
            while matched > 0, byte != word[matched] { matched = fallback[matched - 1] }
            if byte == word[matched] { matched += 1 }
            if matched == word.count { return true }
        }
        return false
    }

    // MARK: Whole paths

    private static func parts(of text: [UInt8]) -> [Part] {
        var parts: [Part] = []
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "?"): parts.append(.one)
            case UInt8(ascii: "*"):
                let crosses = index + 1 < text.count && text[index + 1] == text[index]
                if crosses { index += 1 }
                parts.append(.many(crossesDirectories: crosses))
            case UInt8(ascii: "["):
                if let (set, end) = set(in: text, from: index + 1) {
                    parts.append(set)
                    index = end
                } else {
                    parts.append(.byte(text[index]))
                }
            default: parts.append(.byte(text[index]))
            }
            index += 1
        }
        return parts
    }

    /// A set that begins behind its "[", and where its "]" is; nil where there is none.
    private static func set(in text: [UInt8], from start: Int) -> (Part, end: Int)? {
        var index = start
        let isInverted = index < text.count && [UInt8(ascii: "!"), UInt8(ascii: "^")].contains(text[index])
        if isInverted { index += 1 }
        let first = index
        var ranges: [ClosedRange<UInt8>] = []
        while index < text.count {
            if text[index] == UInt8(ascii: "]"), index > first { return (.set(ranges, isInverted: isInverted), index) }
            if index + 2 < text.count, text[index + 1] == UInt8(ascii: "-"), text[index + 2] != UInt8(ascii: "]"),
                text[index] <= text[index + 2]
            {
                ranges.append(text[index]...text[index + 2])
                index += 3
            } else {
                ranges.append(text[index]...text[index])
                index += 1
            }
        }
        return nil
    }

    /// Goes back to the last `*`, or to the last `**` where a `*` cannot take what comes: never further, since whatever
    /// an earlier one could take besides, the later one can too.
    private func fits(_ path: [UInt8], from start: Int) -> Bool {
        var place = start
        var part = parts.startIndex
        var inName: (part: Int, place: Int)?
        var anywhere: (part: Int, place: Int)?
        while true {
            if part < parts.endIndex, case .many(let crosses) = parts[part] {
                part += 1
                if crosses { (anywhere, inName) = ((part, place), nil) } else { inName = (part, place) }
                continue
            }
            if part == parts.endIndex, place == path.count { return true }
            if part < parts.endIndex, place < path.count, Self.fits(path[place], parts[part]) {
                part += 1
                place += 1
            } else if let last = inName, last.place < path.count, path[last.place] != Self.slash {
                inName = (last.part, last.place + 1)
                (part, place) = (last.part, last.place + 1)
            } else if let last = anywhere, last.place < path.count {
                (anywhere, inName) = ((last.part, last.place + 1), nil)
                (part, place) = (last.part, last.place + 1)
            } else {
                return false
            }
        }
    }

    private static func fits(_ byte: UInt8, _ part: Part) -> Bool {
        switch part {
        case .byte(let wanted): byte == wanted
        case .one: byte != slash
        case .set(let ranges, let isInverted): byte != slash && ranges.contains { $0.contains(byte) } != isInverted
        case .many: false
        }
    }
}
