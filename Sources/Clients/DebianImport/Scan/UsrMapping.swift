import BytePath
import PackageAnalysis

/// Where the paths of a Debian package go: below `/usr`, as a merged system sees them.
///
/// ```
/// /usr/X                       X                     /lib64, /usr/lib64   lib (a moss root links /lib64 to usr/lib)
/// /bin /sbin /lib /lib32 /libx32    the same name    /boot                lib/kernel/boot
/// /etc                         share/defaults/etc    /var                 share/factory/var
/// ```
/// Everything else has no place in a package that owns `/usr` and nothing more.
enum UsrMapping {
    enum Place: Hashable {
        /// Relative to `/usr`.
        case kept(BytePath)
        /// One of the directories above, which exist without being told.
        case implied
        case dropped
    }

    /// The path without "." and empty components; nil for one with ".." or NUL, or one longer than paths can be.
    static func components(_ path: BytePath) -> [ArraySlice<UInt8>]? {
        var parts: [ArraySlice<UInt8>] = []
        for part in path.components {
            if part.elementsEqual(".".utf8) { continue }
            if part.elementsEqual("..".utf8) || part.contains(0) || part.count > 255 { return nil }
            parts.append(part)
        }
        return path.count <= 4000 ? parts : nil
    }

    static func place(_ parts: [ArraySlice<UInt8>]) -> Place {
        guard let first = parts.first else { return .implied }
        let name = String(decoding: first, as: UTF8.self)
        switch name {
        case "usr":
            guard parts.count > 1 else { return .implied }
            if parts[1].elementsEqual("lib64".utf8) { return below("lib", parts.dropFirst(2)) }
            return .kept(joined(parts.dropFirst()))
        case "bin", "sbin", "lib", "lib32", "libx32": return below(name, parts.dropFirst())
        case "lib64": return below("lib", parts.dropFirst())
        case "boot": return below("lib/kernel/boot", parts.dropFirst())
        case "etc": return below("share/defaults/etc", parts.dropFirst())
        case "var": return below("share/factory/var", parts.dropFirst())
        default: return .dropped
        }
    }

    private static func below(_ directory: String, _ rest: ArraySlice<ArraySlice<UInt8>>) -> Place {
        rest.isEmpty ? .implied : .kept(BytePath(directory).appending(joined(rest)))
    }

    /// Whether the loader of a Debian system finds libraries in a directory without being told: one of the usual
    /// directories, or that of an architecture's triplet.
    static func isLibraryDirectory(_ directory: BytePath) -> Bool {
        if FileAnalyzer.libraryDirectories.contains(directory) { return true }
        let parts = directory.components
        guard parts.count == 2, parts[0].elementsEqual("lib".utf8) else { return false }
        return ["-linux-gnu", "-linux-gnux32", "-linux-gnueabihf", "-linux-gnueabi"].contains { parts[1].hasSuffix($0) }
    }

    static func joined(_ parts: some Sequence<ArraySlice<UInt8>>) -> BytePath {
        BytePath(bytes: Array(parts.joined(separator: [UInt8(ascii: "/")])))
    }

    /// The text of a symbolic link that is moved from `parts` to `path`.
    struct Link: Hashable {
        var target: BytePath
        /// The link now leads to itself, because merging put it in the place of what it pointed to.
        var isLoop: Bool
    }

    /// Keeps a link's meaning: absolute texts stay, relative ones are rewritten if the move would bend them.
    ///
    /// Texts are followed by letter: links in the middle of a path are not looked through.
    static func link(_ target: BytePath, at parts: [ArraySlice<UInt8>], movedTo path: BytePath) -> Link {
        let usrPath = [Self.usr] + path.components
        guard !target.isAbsolute else {
            return Link(target: target, isLoop: meaning(normalized([], target)).elementsEqual(usrPath, by: ==))
        }
        let original = normalized(parts.dropLast(), target)
        let wanted = meaning(original)
        if wanted.elementsEqual(usrPath, by: ==) { return Link(target: target, isLoop: true) }
        let now = normalized(usrPath.dropLast(), target)
        if meaning(now) == wanted { return Link(target: target, isLoop: false) }
        if case .kept(let moved) = place(original), now == [Self.usr] + moved.components {
            return Link(target: target, isLoop: false)  // both ends went to the factory directory together
        }
        guard wanted.first == Self.usr, !isFactory(parts) else {
            return Link(target: BytePath("/").appending(joined(wanted)), isLoop: false)
        }
        return Link(target: relative(from: usrPath.dropLast(), to: wanted), isLoop: false)
    }

    private static let usr = ArraySlice("usr".utf8)

    /// Files below these are copied elsewhere before use, so their links must not depend on where they are.
    private static func isFactory(_ parts: [ArraySlice<UInt8>]) -> Bool {
        guard let first = parts.first else { return false }
        return first.elementsEqual("etc".utf8) || first.elementsEqual("var".utf8)
    }

    /// The absolute path a text leads to from `directory`.
    private static func normalized(
        _ directory: some Sequence<ArraySlice<UInt8>>, _ target: BytePath
    ) -> [ArraySlice<UInt8>] {
        var parts = Array(directory)
        for part in target.components {
            if part.elementsEqual("..".utf8) {
                _ = parts.popLast()
            } else if !part.elementsEqual(".".utf8) {
                parts.append(part)
            }
        }
        return parts
    }

    /// Where an absolute path of a Debian system is found on a running moss root.
    private static func meaning(_ parts: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>] {
        guard let first = parts.first else { return [] }
        switch String(decoding: first, as: UTF8.self) {
        case "etc", "var": return parts
        case "bin", "sbin", "lib", "lib32", "libx32": return [usr] + parts
        case "lib64": return [usr, ArraySlice("lib".utf8)] + parts.dropFirst()
        default:
            guard case .kept(let path) = place(parts) else { return parts }
            return [usr] + path.components
        }
    }

    private static func relative(
        from directory: ArraySlice<ArraySlice<UInt8>>, to target: [ArraySlice<UInt8>]
    ) -> BytePath {
        let shared = zip(directory, target).prefix { $0 == $1 }.count
        let up = [ArraySlice<UInt8>](repeating: ArraySlice("..".utf8), count: directory.count - shared)
        let parts = up + target.dropFirst(shared)
        return parts.isEmpty ? "." : joined(parts)
    }
}
