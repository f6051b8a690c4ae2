/// What a package is: metadata, capabilities and layout, as pure values shared by every format and client.
///
/// The kinds of thing a package can provide, depend on or conflict with; raw values are those of the stone format.
package enum CapabilityKind: UInt8, CaseIterable, Hashable, Sendable {
    case name = 0
    case soname = 1
    case pkgconfig = 2
    case interpreter = 3
    case cmake = 4
    case python = 5
    case binary = 6
    case sysbinary = 7
    case pkgconfig32 = 8

    /// The word before the parenthesis in the text form.
    package var word: String {
        switch self {
        case .name: "name"
        case .soname: "soname"
        case .pkgconfig: "pkgconfig"
        case .interpreter: "interpreter"
        case .cmake: "cmake"
        case .python: "python"
        case .binary: "binary"
        case .sysbinary: "sysbinary"
        case .pkgconfig32: "pkgconfig32"
        }
    }

    package init?(word: some StringProtocol) {
        guard let kind = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = kind
    }
}

/// A provider, dependency or conflict: consumers match by exact kind and exact target. There are no versions.
package struct Capability: Hashable, Sendable {
    package var kind: CapabilityKind
    /// Compared by its bytes.
    @Verbatim package var target: String

    package init(_ kind: CapabilityKind, _ target: String) {
        self.kind = kind
        self.target = target
    }

    /// Parses `kind(target)` or a bare name; nil for an unknown kind, a missing ")" or an empty target.
    ///
    /// The text is split at the first "(", so a target may itself hold parentheses.
    package init?(parsing text: some StringProtocol) {
        guard let open = text.firstIndex(of: "(") else {
            guard !text.isEmpty else { return nil }
            self.init(.name, String(text))
            return
        }
        guard text.last == ")", let kind = CapabilityKind(word: text[..<open]) else { return nil }
        let target = text[text.index(after: open)...].dropLast()
        guard !target.isEmpty else { return nil }
        self.init(kind, String(target))
    }

    /// The text form: `kind(target)`, and the bare target for names.
    package var text: String { kind == .name ? target : "\(kind.word)(\(target))" }

    /// The text that sets of capabilities are ordered by on disk: `kind(target)` for names too.
    package var sortText: String { "\(kind.word)(\(target))" }
}

extension Capability: Comparable, CustomStringConvertible {
    /// Orders by the bytes of the text form, as sets in stones are.
    package static func < (left: Capability, right: Capability) -> Bool {
        if left.kind != right.kind {
            return "\(left.kind.word)(".utf8.lexicographicallyPrecedes("\(right.kind.word)(".utf8)
        }
        return left.target.utf8.lexicographicallyPrecedes(right.target.utf8)
    }

    package var description: String { text }
}
