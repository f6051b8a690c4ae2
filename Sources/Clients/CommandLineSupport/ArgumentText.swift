package import BytePath
internal import LinuxSystem

/// Arguments as text that can be turned back into the bytes they were.
///
/// The argument parser works on strings, which cannot hold all file names. A byte that is not UTF-8 travels as one
/// character of a private-use area, U+10FF80 to U+10FFFF.
package enum ArgumentText {
    private static let base: UInt32 = 0x10_ff00

    package static func text(of bytes: some Collection<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return String(escaping: bytes, as: { byte in Unicode.Scalar(base + UInt32(byte)).map { String($0) } ?? "" })
    }

    /// The arguments of this process, its name first.
    package static func ofProcess() -> [String] {
        CurrentProcess.commandLine.map { text(of: $0.bytes) }
    }

    package static func path(_ text: String) -> BytePath {
        guard text.unicodeScalars.contains(where: { $0.value >= base + 0x80 }) else { return BytePath(text) }
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            if scalar.value >= base + 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            } else {
                bytes += UTF8.encode(scalar).map(Array.init) ?? []
            }
        }
        return BytePath(bytes: bytes)
    }
}
