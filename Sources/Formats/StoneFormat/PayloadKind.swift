/// What a payload holds. Unknown kinds are skipped, their checksum verified.
package struct PayloadKind: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let meta = PayloadKind(rawValue: 1)
    package static let content = PayloadKind(rawValue: 2)
    package static let layout = PayloadKind(rawValue: 3)
    package static let index = PayloadKind(rawValue: 4)
    package static let attributes = PayloadKind(rawValue: 5)

    /// Ours: where the frames of the content lie, see ``ContentFrame``. Other readers pass it over.
    package static let frames = PayloadKind(rawValue: 0x46)

    package var isKnown: Bool { (1...5).contains(rawValue) || self == .frames }

    /// The word shown to people.
    package var name: String {
        switch self {
        case .meta: "meta"
        case .content: "content"
        case .layout: "layout"
        case .index: "index"
        case .attributes: "attributes"
        case .frames: "frames"
        default: "unknown (\(rawValue))"
        }
    }
}
