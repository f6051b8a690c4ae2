internal import BytePath
internal import Digests
internal import PackageModel

/// The text of a lease file.
///
/// ```
/// mossLease 1
/// pid 4711
/// mountpoint /mnt/new%20root
/// shows state 12
/// package <64 hexadecimal digits>
/// object <32 hexadecimal digits>
/// ```
/// Bytes below 33, 127 and `%` are written as `%` and two hexadecimal digits. Lines are only ever appended; of those
/// that may be there once, the last one counts. A last line without its newline is still being written.
struct LeaseText {
    private static let header = "mossLease 1"

    private(set) var description = LeaseDescription(process: 0, mountpoint: "", shows: "")
    private(set) var packages: [PackageID] = []
    private(set) var objects: [ObjectID] = []

    /// The first lines of a new lease.
    static func head(_ description: LeaseDescription) -> [UInt8] {
        line("mossLease", Array("1".utf8)) + pid(description.process)
            + line("mountpoint", escaped(description.mountpoint.bytes))
            + line("shows", escaped(Array(description.shows.utf8)))
    }

    static func pid(_ process: Int32) -> [UInt8] { line("pid", Array("\(process)".utf8)) }

    static func pins(_ packages: [PackageID], _ objects: [ObjectID]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(packages.count * 73 + objects.count * 40)
        for package in packages { bytes += line("package", Array(package.hexadecimal.utf8)) }
        for object in objects { bytes += line("object", object.hexadecimalBytes) }
        return bytes
    }

    private static func line(_ key: String, _ value: [UInt8]) -> [UInt8] {
        Array(key.utf8) + [UInt8(ascii: " ")] + value + [UInt8(ascii: "\n")]
    }

    /// - Returns: nil for anything but a whole lease of this version.
    init?(_ bytes: [UInt8]) {
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return nil }
        var lines = bytes[..<end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.first?.elementsEqual(Self.header.utf8) == true else { return nil }
        lines.removeFirst()
        for line in lines {
            guard let space = line.firstIndex(of: UInt8(ascii: " ")) else { return nil }
            let value = line[(space + 1)...]
            switch String(decoding: line[..<space], as: UTF8.self) {
            case "pid":
                guard let process = Int32(String(decoding: value, as: UTF8.self)) else { return nil }
                description.process = process
            case "mountpoint":
                guard let path = Self.unescaped(value) else { return nil }
                description.mountpoint = BytePath(bytes: path)
            case "shows":
                guard let text = Self.unescaped(value) else { return nil }
                description.shows = String(decoding: text, as: UTF8.self)
            case "package":
                guard let package = PackageID(hexadecimal: String(decoding: value, as: UTF8.self)) else { return nil }
                packages.append(package)
            case "object":
                guard let object = ObjectID(hexadecimal: value) else { return nil }
                objects.append(object)
            default: return nil
            }
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func escaped(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        for byte in bytes {
            if byte <= 32 || byte == 127 || byte == UInt8(ascii: "%") {
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            } else {
                text.append(byte)
            }
        }
        return text
    }

    private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digits.firstIndex(of:)),
                let low = rest.popFirst().flatMap(digits.firstIndex(of:))
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}
