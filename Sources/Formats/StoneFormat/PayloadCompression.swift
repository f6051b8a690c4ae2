/// How the stored bytes of a payload become its plain ones.
package struct PayloadCompression: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let none = PayloadCompression(rawValue: 1)
    package static let zstd = PayloadCompression(rawValue: 2)

    package var isKnown: Bool { self == .none || self == .zstd }
}
