/// Rooms kept small: what a module holds, whom it knows, how far one object spreads, and what the floors below Clients
/// may say.
extension ArchitectureRules {
    static let moduleLinesMax = 2500
    static let moduleUsesMax = 10
    /// Files `Type+Topic.swift` of one class or actor: what shares mutable state has to be read together.
    static let extensionFilesMax = 4

    func limits() -> [String] {
        moduleLines() + moduleUses() + extensionFiles() + commandNames()
    }

    private var modules: [PackageDescription.Target] {
        description.targets.filter { !isTest($0) }
    }

    private func moduleLines() -> [String] {
        let lines = modules.map { ($0.name, sources(of: $0).reduce(0) { $0 + $1.source.lineCount }) }
        return held(lines, to: Self.moduleLinesMax, "lines of Swift", exceptions.moduleLines)
    }

    private func moduleUses() -> [String] {
        // Everybody speaks in the words of Base.
        let words = ["Base", "CLibraries"]
        let uses = modules.map { module in
            (module.name, module.dependencies.count { map.modules[$0].map { !words.contains($0.floor) } ?? false })
        }
        return held(uses, to: Self.moduleUsesMax, "modules above Base that it uses", exceptions.moduleUses)
    }

    private func extensionFiles() -> [String] {
        let counts = modules.flatMap { target -> [(String, Int)] in
            let sources = sources(of: target)
            let objects = sources.reduce(into: Set<String>()) { $0.formUnion($1.source.referenceTypes) }
            return objects.sorted().map { name in
                ("\(target.name).\(name)", sources.count { $0.path.contains("/\(name)+") })
            }
        }
        return held(counts, to: Self.extensionFilesMax, "files of extensions", exceptions.extensionFiles)
    }

    /// Below Clients nobody knows what programs there are, so no text there tells people to run one.
    private func commandNames() -> [String] {
        let verbs = sources.filter { $0.key.hasPrefix("Sources/Clients/") }.values
            .reduce(into: Set<String>()) { $0.formUnion($1.commandNames) }
        let programs = modules.filter { $0.kind == "executable" }.map(\.name) + ["boulder"]
        let clients = PackageMap.floors.firstIndex(of: "Clients") ?? 0
        let counts = modules.filter { floor(of: $0).map { $0 < clients } ?? false }.flatMap { target in
            sources(of: target).map { path, source in
                (path, source.literals.count { Self.names(a: programs, with: verbs, in: $0) })
            }
        }
        return held(counts, to: 0, "texts that name a command to run", exceptions.commandNames)
    }

    /// Whether `text` says to run a program: its name behind a backquote, or as a word before an option or one of the
    /// commands there are.
    private static func names(a programs: [String], with verbs: Set<String>, in text: String) -> Bool {
        let words = text.split { $0 == " " || $0 == "\n" }
        for (place, word) in words.enumerated() {
            guard programs.contains(where: { word == $0 || word.hasSuffix("`\($0)") || word.contains("`\($0)`") })
            else {
                continue
            }
            if word.contains("`") { return true }
            guard place + 1 < words.count else { continue }
            let next = words[place + 1].prefix { $0.isLetter || $0 == "-" }
            if next.hasPrefix("-") || verbs.contains(String(next)) { return true }
        }
        return false
    }

    /// What is above a limit and its allowance, and the allowances that are not needed.
    private func held(
        _ counts: [(name: String, count: Int)], to limit: Int, _ unit: String,
        _ allowances: [String: ArchitectureExceptions.Allowance]
    ) -> [String] {
        let counts = Dictionary(counts, uniquingKeysWith: max)
        let excesses = counts.sorted { $0.key < $1.key }.compactMap { name, count -> String? in
            let most = max(limit, allowances[name]?.upTo ?? limit)
            return count > most ? "\(name) has \(count) \(unit); at most \(most)" : nil
        }
        let idle = allowances.keys.sorted().filter { counts[$0] ?? 0 <= limit }.map {
            "\($0) has \(counts[$0] ?? 0) \(unit) and needs its exception no longer"
        }
        return excesses + idle
    }
}
