package import BytePath
internal import Digests
internal import Installation
package import PackageModel
internal import StoneFormat

/// The directories' names of all packages that a root's store has: `<name>-<version>-<release>`.
///
/// Where several packages would have the same, and where it is no name for a file, digits of the package's id follow. A
/// name that is too long is cut before them; what a file's name cannot hold, or should not, becomes `_`.
package struct PackageNames {
    private var packages: [BytePath: PackageID] = [:]

    init(_ installation: Installation) throws(InstallationError) {
        self.init(try installation.storedBriefs().map { ($0.id, BytePath("\($0.brief.name)-\($0.brief.versionText)")) })
    }

    package init(_ named: [(id: PackageID, name: BytePath)]) {
        var sharing: [BytePath: [PackageID]] = [:]
        for (id, name) in named { sharing[name, default: []].append(id) }
        for (name, ids) in sharing where ids.count == 1 && name == Self.plain(name) { packages[name] = ids[0] }
        // Those that need digits come after those that have their name already, and in an order that stays the same.
        for (name, ids) in sharing.sorted(by: { $0.key < $1.key }) where ids.count > 1 || name != Self.plain(name) {
            for id in ids.sorted() { packages[unusedName(name, id)] = id }
        }
    }

    private func unusedName(_ name: BytePath, _ id: PackageID) -> BytePath {
        let digits = id.hexadecimal
        for count in [8, 16, 32, 64] {
            let found = Self.plain(name, followedBy: "-\(digits.prefix(count))")
            if packages[found] == nil { return found }
        }
        // Somebody has named his packages after the ids of others.
        var number = 2
        while packages[Self.plain(name, followedBy: "-\(digits)-\(number)")] != nil { number += 1 }
        return Self.plain(name, followedBy: "-\(digits)-\(number)")
    }

    /// The longest name that a file can have.
    private static let limit = 255

    /// `name`, made fit for a file and cut where it leaves no room for `suffix`, and that.
    private static func plain(_ name: BytePath, followedBy suffix: String = "") -> BytePath {
        var bytes = name.bytes.map { byte in
            byte < 32 || byte == 127 || byte == UInt8(ascii: "/") ? UInt8(ascii: "_") : byte
        }
        let room = limit - suffix.utf8.count
        if bytes.count > room {
            bytes.removeLast(bytes.count - room)
            // No half of a character at the end.
            if String(validating: name.bytes, as: UTF8.self) != nil {
                while !bytes.isEmpty, String(validating: bytes, as: UTF8.self) == nil { bytes.removeLast() }
            }
        }
        let isNoName = bytes.isEmpty || bytes == Array(".".utf8) || bytes == Array("..".utf8)
        return BytePath(bytes: (isNoName && suffix.isEmpty ? Array("_".utf8) : bytes) + Array(suffix.utf8))
    }

    /// Ascending.
    package var names: [BytePath] { packages.keys.sorted() }

    package subscript(name: BytePath) -> PackageID? { packages[name] }
}
