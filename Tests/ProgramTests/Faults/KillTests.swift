import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// `kill -9` at system calls spread over whole commands: the old or the new state is there, whole, and nobody is needed.
struct KillTests {
    private static let killed: Int32 = 90

    /// A command on a root that can be copied, and what it may leave.
    private struct Scenario {
        let base: CommandRoot
        let arguments: [BytePath]
        let old: Outcome
        let new: Outcome
    }

    /// A root after a command, and what comes of it.
    private struct Outcome {
        let active: UInt64?
        let states: [UInt64]
        let listing: TreeListing
        /// What each state's tree must be, once `other` was installed as well.
        var trees: [UInt64: TreeListing] = [:]

        init(_ root: CommandRoot) throws {
            active = try root.active()
            states = try root.states().map(\.number)
            listing = try root.listing()
            try root.done("-y", "install", "other")
            let last = try #require(try root.active())
            trees[last] = try root.listing()
            for state in try root.states().map(\.number) where state != last {
                try root.done("-y", "state", "activate", BytePath("\(state)"))
                trees[state] = try root.listing()
            }
        }

        func matches(_ active: UInt64?, _ states: [UInt64], _ listing: TreeListing) -> Bool {
            self.active == active && self.states == states && self.listing == listing
        }
    }

    private enum Kind: String, CaseIterable {
        case first, install, sync, activate, removeStates, collect
    }

    private func withScenario(_ kind: Kind, _ body: (Scenario) throws -> Void) throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let packages = (0..<20).map { systemPackage("p\($0)") }
            let base = try CommandRoot(
                in: scratch, offering: packages + [systemPackage("other"), systemPackage("new")])
            if kind != .first {
                for (verb, names) in [("install", 0..<18), ("install", 18..<20), ("remove", 3..<6)] {
                    try base.command(["-y", BytePath(verb)] + names.map { BytePath("p\($0)") }).runSuccessfully()
                }
            }
            let arguments: [BytePath]
            switch kind {
            case .first: arguments = ["-y", "install"] + (0..<20).map { BytePath("p\($0)") }
            case .install: arguments = ["-y", "install", "new"]
            case .sync:
                for number in 8..<12 { try base.publish(systemPackage("p\(number)", release: 2, fileCount: 8)) }
                try base.done("repo", "update")
                arguments = ["-y", "sync"]
            case .activate: arguments = ["-y", "state", "activate", "1"]
            case .removeStates: arguments = ["-y", "state", "remove", "1-2"]
            case .collect:
                try Descriptor.openDirectory(base.root.appending("etc/moss")).replaceFile(
                    "retention.yaml", with: Array("keep: 1\n".utf8))
                arguments = ["-y", "gc"]
            }
            let old = try base.copied(tidy: false) { try Outcome($0) }
            let new = try base.copied { root in
                try root.command(arguments).runSuccessfully()
                return try Outcome(root)
            }
            try body(Scenario(base: base, arguments: arguments, old: old, new: new))
        }
    }

    /// Kills the command at `pointCount` of its calls, from the first to the last.
    private func check(_ kind: Kind, _ flags: [BytePath], pointCount: Int?) throws {
        try withScenario(kind) { scenario in
            let total = try total(scenario, isMutating: flags.contains("--mutating"))
            let points = pointCount.map { count in (0..<count).map { 1 + $0 * (total - 1) / max(1, count - 1) } }
            var tally = (old: 0, new: 0, unreached: 0)
            for point in Set(points ?? Array(1...total)).sorted() {
                let end = try scenario.base.copied { root in
                    try kill(root, scenario, ["kill"] + flags + [BytePath("\(point)")], point)
                }
                switch end {
                case nil: tally.unreached += 1
                case false?: tally.old += 1
                case true?: tally.new += 1
                }
            }
            print(
                "killed \(kind) \(flags.map(\.display)) at \(tally.old + tally.new) of \(total) calls: "
                    + "\(tally.old) old, \(tally.new) new, \(tally.unreached) not reached")
        }
    }

    private func total(_ scenario: Scenario, isMutating: Bool) throws -> Int {
        try scenario.base.copied { root in
            let result = try root.traced(["count", "-o", root.path.appending("counts")], scenario.arguments)
            #expect(result.end == .exited(0))
            let text = String(decoding: try Descriptor.open(root.path.appending("counts")).readAll(), as: UTF8.self)
            var sum = 0
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ").map(String.init)
                let count = Int(words[1]) ?? 0
                if words[0] == "total", !isMutating { return count }
                if isMutating, MutatingCalls.names.contains(words[0]) { sum += count }
            }
            return sum
        }
    }

    /// - Returns: whether the new state was found; nil when the command ended before the call.
    private func kill(
        _ root: CommandRoot, _ scenario: Scenario, _ tracing: [BytePath], _ point: Int
    ) throws -> Bool? {
        let end = try root.traced(tracing, scenario.arguments).end
        guard end == .exited(Self.killed) || end == .exited(0) else {
            throw CommandRoot.Failure(description: "call \(point): \(end)")
        }
        // A reader comes first: it may write nothing and must be right all the same.
        let active = try root.active()
        let states = try root.states().map(\.number)
        let listing = try root.listing()
        let isNew = scenario.new.matches(active, states, listing)
        let isOld = scenario.old.matches(active, states, listing)
        let found = "\(active.map { "\($0)" } ?? "none") of \(states)"
        #expect(isOld || isNew, "call \(point): neither the old nor the new state, but \(found)")
        guard isOld || isNew else { return nil }

        let outcome = isNew ? scenario.new : scenario.old
        let next = try root.moss("-y", "install", "other")
        #expect(next.end == .exited(0), "call \(point): \(next.errorText)")
        let last = try #require(try root.active())
        #expect(try root.listing() == outcome.trees[last], "call \(point): state \(last) after the next command")
        #expect(Set(try root.states().map(\.number)) == Set(outcome.trees.keys), "call \(point): states")
        for state in try root.states().map(\.number) where state != last {
            let result = try root.moss("-y", "state", "activate", BytePath("\(state)"))
            #expect(result.end == .exited(0), "call \(point): state \(state): \(result.errorText)")
            #expect(try root.listing() == outcome.trees[state], "call \(point): state \(state)")
        }
        try root.done("tidy")
        let litter = try root.litter()
        #expect(litter == [], "call \(point)")
        let mark = try root.done("-y", "gc", "--verify")
        #expect(mark.hasSuffix("A full mark found nothing else.\n"), "call \(point): \(mark)")
        return end == .exited(0) ? nil : isNew
    }

    // MARK: Quick

    @Test func installing() throws { try check(.install, [], pointCount: 10) }
    @Test func installingAtChanges() throws { try check(.install, ["--mutating"], pointCount: 16) }
    @Test func installingFirst() throws { try check(.first, ["--mutating"], pointCount: 8) }
    @Test func syncing() throws { try check(.sync, ["--mutating"], pointCount: 8) }
    @Test func activating() throws { try check(.activate, ["--mutating"], pointCount: 8) }
    @Test func removingStates() throws { try check(.removeStates, ["--mutating"], pointCount: 8) }
    @Test func collecting() throws { try check(.collect, ["--mutating"], pointCount: 8) }

    // MARK: Long

    @Test(.long, arguments: ["first", "install", "sync", "activate", "removeStates", "collect"])
    func evenlySpread(kind: String) throws {
        try check(try #require(Kind(rawValue: kind)), [], pointCount: 220)
    }

    @Test(.long, arguments: ["install", "sync", "activate", "removeStates", "collect"])
    func everyChange(kind: String) throws {
        let kind = try #require(Kind(rawValue: kind))
        try check(kind, ["--mutating"], pointCount: nil)
        try check(kind, ["--mutating", "--after"], pointCount: nil)
    }
}
