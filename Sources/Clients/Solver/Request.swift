package import PackageModel

/// What a person asks to have installed: a capability, and perhaps which version of the package, or from where.
package struct Request: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var capability: Capability
    /// The id of a collection, `VERSION` or `VERSION-RELEASE`; only for names.
    @Verbatim package var pin: String?

    package init(_ capability: Capability, pin: String? = nil) {
        self.capability = capability
        self.pin = pin
    }

    /// Parses `kind(target)`, `NAME`, `NAME@VERSION`, `NAME@VERSION-RELEASE` or `NAME@COLLECTION`.
    ///
    /// The last "@" of a name counts; a name that has one and no pin is written as `name(NAME)`.
    package init?(parsing text: String) {
        guard !text.utf8.contains(UInt8(ascii: "(")), let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else {
            guard let capability = Capability(parsing: text) else { return nil }
            self.init(capability)
            return
        }
        let pin = text[text.utf8.index(after: at)...]
        guard at > text.startIndex, !pin.isEmpty else { return nil }
        self.init(Capability(.name, String(text[..<at])), pin: String(pin))
    }

    package static func < (left: Request, right: Request) -> Bool {
        if left.capability != right.capability { return left.capability < right.capability }
        return (left.pin ?? "").utf8.lexicographicallyPrecedes((right.pin ?? "").utf8)
    }

    package var description: String { pin.map { "\(capability)@\($0)" } ?? capability.text }
    var short: String { description.short }
}
