/// The rules of `Sources/README.md`, applied to a package description, the map and the sources.
struct ArchitectureRules {
    static let fileLinesMax = 500
    static let functionLinesMax = 70

    /// Modules of the toolchain that any target may import.
    static let systemModules: Set<String> = ["Glibc", "Synchronization"]
    /// Modules of the toolchain for tests only.
    static let foundationModules: Set<String> = ["Foundation", "FoundationEssentials"]

    let description: PackageDescription
    let map: PackageMap
    let exceptions: ArchitectureExceptions
    /// By path below the package.
    let sources: [String: SwiftSource]

    /// - Parameter files: path below the package to contents, for every Swift and C file.
    init(
        description: PackageDescription, map: PackageMap, files: [String: [UInt8]],
        exceptions: ArchitectureExceptions = ArchitectureExceptions()
    ) {
        self.description = description
        self.map = map
        self.exceptions = exceptions
        sources = files.mapValues(SwiftSource.init)
    }

    /// Every violation, one sentence each, in a stable order.
    func violations() -> [String] {
        edges() + imports() + doors() + locks() + sentences() + sizes() + limits()
    }

    /// Files that stand for a module nobody has written yet.
    func placeholders() -> [String] {
        sources.keys.filter { $0.hasSuffix("/Placeholder.swift") }.sorted().map { "\($0) is a placeholder" }
    }

    func isTest(_ target: PackageDescription.Target) -> Bool {
        !target.path.hasPrefix("Sources/")
    }

    func floor(of target: PackageDescription.Target) -> Int? {
        guard let module = map.modules[target.name] else { return nil }
        return PackageMap.floors.firstIndex(of: module.floor)
    }

    /// Declared dependencies against the floors and the map.
    private func edges() -> [String] {
        var found: [String] = []
        let targets = description.targets.filter { !isTest($0) }
        let height = Dictionary(
            targets.compactMap { target in floor(of: target).map { (target.name, $0) } }, uniquingKeysWith: max)
        for target in targets {
            guard let module = map.modules[target.name], let own = height[target.name] else {
                found.append("\(target.name) is missing in Sources/README.md")
                continue
            }
            if target.path != "Sources/\(module.floor)/\(target.name)" {
                found.append("\(target.name) stands on floor \(module.floor) in the map but lies in \(target.path)")
            }
            for dependency in target.dependencies {
                if let other = height[dependency], other > own {
                    found.append("\(target.name) uses \(dependency), which stands on a higher floor")
                }
                if !module.uses.contains(dependency) {
                    found.append("\(target.name) uses \(dependency), which its row in Sources/README.md does not name")
                }
            }
            for use in module.uses.subtracting(target.dependencies).sorted() {
                found.append("Sources/README.md says that \(target.name) uses \(use); Package.swift does not")
            }
        }
        for name in Set(map.modules.keys).subtracting(targets.map(\.name)).sorted() {
            found.append("\(name) is in Sources/README.md but not in Package.swift")
        }
        return found
    }

    /// Import declarations against declared dependencies.
    private func imports() -> [String] {
        var found: [String] = []
        var importers: [String: Set<String>] = [:]
        for target in description.targets {
            for (path, source) in sources(of: target) {
                for imported in source.imports {
                    if map.modules[imported]?.floor == "CLibraries" {
                        importers[imported, default: []].insert(target.name)
                    }
                    if Self.foundationModules.contains(imported) {
                        if !isTest(target) { found.append("\(path) imports \(imported), which is for tests") }
                    } else if imported == "Testing" && isTest(target) || imported == "PackageDescription" {
                        continue
                    } else if !Self.systemModules.contains(imported) && !target.dependencies.contains(imported) {
                        found.append("\(path) imports \(imported), which \(target.name) does not depend on")
                    }
                }
            }
        }
        for (library, modules) in importers.sorted(by: { $0.key < $1.key }) where modules.count > 1 {
            found.append("\(library) is imported by \(modules.sorted().joined(separator: " and ")); one may")
        }
        return found
    }

    /// The C library's functions that change files or make changes durable.
    private static let fileChanges: Set<String> = [
        "chmod", "chown", "copy_file_range", "creat", "fallocate", "fchmod", "fchmodat", "fchown", "fchownat",
        "fdatasync", "fopen", "fremovexattr", "fsetxattr", "fsync", "ftruncate", "futimens", "lchown", "link",
        "linkat", "lsetxattr", "mkdir", "mkdirat", "mknod", "mknodat", "mkstemp", "mmap", "msync", "open", "openat",
        "posix_fallocate", "pwrite", "pwritev", "remove", "rename", "renameat", "renameat2", "rmdir", "sendfile",
        "setxattr", "symlink", "symlinkat", "sync", "sync_file_range", "syncfs", "syscall", "truncate", "unlink",
        "unlinkat", "utimensat", "write", "writev",
    ]

    /// Only LinuxSystem changes files, and liblmdb its own: what the tests of power cuts see is all there is.
    private func doors() -> [String] {
        let base = PackageMap.floors.firstIndex(of: "Base") ?? 0
        return description.targets.flatMap { target -> [String] in
            guard let height = floor(of: target), height > base else { return [] }
            return sources(of: target).compactMap { path, source in
                guard source.imports.contains("Glibc") else { return nil }
                let calls = source.freeCalls.intersection(Self.fileChanges)
                return calls.isEmpty ? nil : "\(path) calls \(calls.sorted().joined(separator: ", ")) past LinuxSystem"
            }
        }
    }

    /// One kind of lock, one that the thread sanitizer knows.
    private func locks() -> [String] {
        description.targets.flatMap { target in
            sources(of: target).compactMap { path, source in
                source.freeCalls.contains("Mutex") ? "\(path) makes a Mutex; a lock is a LinuxSystem.Guarded" : nil
            }
        }
    }

    /// Sentences of the map against the doc comments of the modules that are written.
    private func sentences() -> [String] {
        description.targets.filter { !isTest($0) }.compactMap { target in
            guard let module = map.modules[target.name], module.floor != "CLibraries" else { return nil }
            let sources = sources(of: target)
            if sources.contains(where: { $0.path.hasSuffix("/Placeholder.swift") }) { return nil }
            let isSaid = sources.contains { $0.source.docComments.contains { $0.hasPrefix(module.sentence) } }
            return isSaid ? nil : "no doc comment of \(target.name) begins with its sentence in Sources/README.md"
        }
    }

    private func sizes() -> [String] {
        sources.sorted { $0.key < $1.key }.flatMap { path, source in
            var found: [String] = []
            if source.lineCount > Self.fileLinesMax {
                found.append("\(path) has \(source.lineCount) lines; at most \(Self.fileLinesMax)")
            }
            guard path.hasSuffix(".swift") else { return found }
            for function in source.functions where function.lineCount > Self.functionLinesMax {
                found.append(
                    "\(path):\(function.line): a function of \(function.lineCount) lines; at most \(Self.functionLinesMax)"
                )
            }
            return found
        }
    }

    func sources(of target: PackageDescription.Target) -> [(path: String, source: SwiftSource)] {
        sources.filter { $0.key.hasPrefix(target.path + "/") && $0.key.hasSuffix(".swift") }
            .sorted { $0.key < $1.key }
            .map { ($0.key, $0.value) }
    }
}
