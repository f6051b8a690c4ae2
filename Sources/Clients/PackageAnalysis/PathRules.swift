import BytePath
import PackageModel

/// What a file says of its package by where it lies.
enum PathRules {
    /// Capabilities that anything but a directory provides by its path below `/usr` alone; none for names that are not
    /// UTF-8, which no capability can say.
    static func providers(at path: BytePath) -> [Capability] {
        let parts = path.components.map { String(validating: $0, as: UTF8.self) }
        guard let last = parts.last, let name = last else { return [] }
        let directories = parts.dropLast().compactMap(\.self)
        guard directories.count == parts.count - 1 else { return [] }
        var found: [Capability] = []
        if directories == ["bin"] { found.append(Capability(.binary, name)) }
        if directories == ["sbin"] { found.append(Capability(.sysbinary, name)) }
        if directories.last == "pkgconfig", name.hasSuffix(".pc"), name.utf8.count > 3 {
            let kind: CapabilityKind = directories.first == "lib32" ? .pkgconfig32 : .pkgconfig
            found.append(Capability(kind, String(name.dropLast(3))))
        }
        for suffix in ["Config.cmake", "-config.cmake"] where name.hasSuffix(suffix) && name != suffix {
            found.append(Capability(.cmake, String(name.dropLast(suffix.count))))
        }
        return found
    }

    /// Whether the file holds only what debuggers read: nobody is offered the libraries it was split from.
    static func isDebugInformation(_ path: BytePath) -> Bool {
        path.isAtOrBelow("lib/debug")
    }
}
