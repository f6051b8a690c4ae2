import BytePath
import ELF
import PackageModel

/// What a file provides by where it lies and what it is.
enum CapabilityRules {
    /// Capabilities that a file or link below `/usr` provides by its path alone.
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

    /// Whether the file describes a Python distribution in `Name:`.
    static func isPythonMetadata(_ path: BytePath) -> Bool {
        let parts = path.components.suffix(2)
        guard let last = parts.last, let directory = parts.first else { return false }
        if last.elementsEqual("METADATA".utf8) { return directory.hasSuffix(".dist-info") }
        if last.elementsEqual("PKG-INFO".utf8) { return directory.hasSuffix(".egg-info") }
        return last.hasSuffix(".egg-info")
    }

    /// The distribution's name as PEP 503 normalises it: lower case, runs of "-", "_" and "." become one "-".
    static func python(_ metadata: [UInt8]) -> Capability? {
        guard let name = ControlParagraph(parsing: metadata)["Name"] else { return nil }
        var normalized = ""
        for character in name.lowercased() {
            let isSeparator = "-_.".contains(character)
            if isSeparator && normalized.last == "-" { continue }
            normalized.append(isSeparator ? "-" : character)
        }
        return normalized.contains("\n") ? nil : Capability(.python, normalized)
    }

    /// Whether the loader finds libraries there without being told: `lib`, `lib32` and one directory of a triplet.
    static func isDefaultLibraryPath(_ path: BytePath) -> Bool {
        let directories = path.components.dropLast()
        guard let first = directories.first else { return false }
        if directories.count == 1 {
            return ["lib", "lib32", "libx32"].contains { first.elementsEqual($0.utf8) }
        }
        guard directories.count == 2, let triplet = directories.last else { return false }
        return first.elementsEqual("lib".utf8)
            && ["-linux-gnu", "-linux-gnux32", "-linux-gnueabihf", "-linux-gnueabi"]
                .contains { triplet.hasSuffix($0) }
    }

    /// The name a shared library is asked for by; nil for files that are none.
    static func libraryName(_ file: ELFFile, at path: BytePath) -> String? {
        let name = path.lastComponent
        guard file.type == .sharedObject, name.bytes.contains(sequence: ".so") else { return nil }
        return String(validating: file.soname ?? name.bytes, as: UTF8.self)
    }

    static func soname(_ name: String, _ machine: ELFMachine) -> Capability {
        Capability(.soname, "\(name)(\(machine.name))")
    }

    /// The spellings under which programs ask for a dynamic loader; empty for other libraries.
    static func loader(_ file: ELFFile, name: String, at path: BytePath) -> [Capability] {
        guard name.hasPrefix("ld-"), path.bytes.starts(with: "lib".utf8) else { return [] }
        let wide = ["/usr/lib64/\(name)", "/lib64/\(name)", "/lib/\(name)"]
        let narrow = ["/usr/lib/\(name)", "/lib32/\(name)", "/lib/\(name)"]
        let spellings = (file.fileClass == .bits64 ? wide : narrow) + ["/usr/\(path.display)"]
        return spellings.flatMap { spelling in
            [CapabilityKind.interpreter, .soname].map { Capability($0, "\(spelling)(\(file.machine.name))") }
        }
    }

    /// What the file needs from others to be loaded.
    static func dependencies(_ file: ELFFile) -> [Capability] {
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

extension RandomAccessCollection<UInt8> {
    fileprivate func hasSuffix(_ suffix: String) -> Bool {
        self.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }

    fileprivate func contains(sequence: String) -> Bool {
        indices.contains { self[$0...].starts(with: sequence.utf8) }
    }
}
