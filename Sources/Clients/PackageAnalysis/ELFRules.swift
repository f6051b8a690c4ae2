import BytePath
import ELF
import PackageModel

/// What an ELF file provides by its names and needs to be loaded.
enum ELFRules {
    /// The capabilities of `file`, which lies at `path` below `/usr`.
    ///
    /// - Parameter isSearched: whether the loader looks into a directory without being told.
    static func capabilities(
        _ file: ELFFile, at path: BytePath, isSearched: (BytePath) -> Bool
    ) -> FoundCapabilities {
        var found = FoundCapabilities()
        found.needs.formUnion(needs(file))
        guard let name = libraryName(file, at: path) else { return found }
        if isSearched(path.parent) {
            found.provides.insert(soname(name, file.machine))
        } else {
            found.privateLibraries.insert(soname(name, file.machine))
        }
        found.provides.formUnion(loader(file, name: name, at: path))
        return found
    }

    /// The name a shared library is asked for by; nil for files that are none.
    private static func libraryName(_ file: ELFFile, at path: BytePath) -> String? {
        let name = path.lastComponent
        guard file.type == .sharedObject, name.bytes.contains(sequence: ".so") else { return nil }
        return String(validating: file.soname ?? name.bytes, as: UTF8.self)
    }

    private static func soname(_ name: String, _ machine: ELFMachine) -> Capability {
        Capability(.soname, "\(name)(\(machine.name))")
    }

    /// The spellings under which programs ask for a dynamic loader; empty for other libraries.
    private static func loader(_ file: ELFFile, name: String, at path: BytePath) -> [Capability] {
        guard name.hasPrefix("ld-"), path.bytes.starts(with: "lib".utf8) else { return [] }
        let wide = ["/usr/lib64/\(name)", "/lib64/\(name)", "/lib/\(name)"]
        let narrow = ["/usr/lib/\(name)", "/lib32/\(name)", "/lib/\(name)"]
        let spellings = (file.fileClass == .bits64 ? wide : narrow) + ["/usr/\(path.display)"]
        return spellings.flatMap { spelling in
            [CapabilityKind.interpreter, .soname].map { Capability($0, "\(spelling)(\(file.machine.name))") }
        }
    }

    /// The libraries and the loader that the file asks for.
    private static func needs(_ file: ELFFile) -> [Capability] {
        var found: [Capability] = []
        for name in file.needed {
            guard let name = String(validating: name, as: UTF8.self), !name.isEmpty else { continue }
            found.append(soname(name, file.machine))
        }
        if let path = file.interpreter, let path = String(validating: path, as: UTF8.self), !path.isEmpty {
            found.append(Capability(.interpreter, "\(path)(\(file.machine.name))"))
        }
        return found
    }
}
