import BytePath
import Foundation
import Glibc
import LinuxSystem
import Synchronization
import TestSupport

/// A random history of whole commands on one root, held against ``ModelSystem`` after each.
final class ModelHistory {
    struct Mismatch: Error, CustomStringConvertible {
        let description: String
    }

    private struct View {
        let place: BytePath
        let state: UInt64
        let tree: ModelTree
    }

    private static let names = (0..<8).map { "p\($0)" }

    private let root: CommandRoot
    private let readers: ModelReaders
    private var system = ModelSystem()
    private var generator: SeededGenerator
    private var views: [View] = []
    private(set) var steps: [String] = []

    init(_ root: CommandRoot, _ readers: ModelReaders, seed: UInt64) throws {
        self.root = root
        self.readers = readers
        generator = SeededGenerator(seed: seed)
        for name in Self.names { try publish(name) }
        try run("repo", "update")
    }

    func run(stepCount: Int) throws {
        for step in 1...stepCount {
            try self.step()
            try check()
            if step % 20 == 0 { try checkAllStates() }
        }
        while let view = views.first { try unmount(view) }
        try collect(verifying: true)
        try run("fsck", "--full")
        try checkAllStates()
    }

    private func step() throws {
        if system.states.isEmpty { return try install() }
        switch Int.random(in: 0..<23, using: &generator) {
        case 0...3: try install()
        case 4, 5: try removePackages()
        case 6, 7: try sync()
        case 8...10: try activate()
        case 11, 12: try removeStates()
        case 13: try prune()
        case 14: try pin()
        case 15: try unpin()
        case 16: try collect(verifying: false)
        case 17: try collect(verifying: true)
        case 18: try run("tidy")
        case 19: try run("fsck", "--full")
        case 20, 21: try mount()
        default: if let view = views.randomElement(using: &generator) { try unmount(view) }
        }
    }

    // MARK: Running

    /// Runs moss; it must succeed.
    @discardableResult
    private func run(_ arguments: BytePath...) throws -> String {
        try run(arguments)
    }

    @discardableResult
    private func run(_ arguments: [BytePath]) throws -> String {
        steps.append(arguments.filter { $0 != "-y" }.map(\.display).joined(separator: " "))
        var command = try root.command(arguments)
        command.environment?["MOSS_BACKGROUND"] = Bool.random(using: &generator) ? "wait" : "off"
        return try command.runSuccessfully().outputText
    }

    private func chosen(_ among: [String], atMost count: Int) -> [String] {
        Array(among.sorted().shuffled(using: &generator).prefix(Int.random(in: 1...count, using: &generator)))
    }

    /// Runs a command that makes the next state, of these packages.
    private func change(to packages: [String: UInt64], _ arguments: [BytePath]) throws {
        readers.know(system.tree(of: packages), of: system.next)
        try run(arguments)
        system.addState(packages)
    }

    // MARK: Packages

    private func publish(_ name: String) throws {
        let package = ModelPackage(name, system.newest(name) + 1, using: &generator)
        try root.publish(package.sample)
        system.offer(package)
    }

    private func install() throws {
        let missing = Self.names.filter { system.installed[$0] == nil }
        guard !missing.isEmpty else { return }
        let names = chosen(missing, atMost: 4)
        var packages = system.installed
        for name in names { packages[name] = system.newest(name) }
        try change(to: packages, ["-y", "install"] + names.map { BytePath($0) })
    }

    private func removePackages() throws {
        guard !system.installed.isEmpty else { return }
        let names = chosen(Array(system.installed.keys), atMost: 3)
        try change(
            to: system.installed.filter { !names.contains($0.key) }, ["-y", "remove"] + names.map { BytePath($0) })
    }

    private func sync() throws {
        for name in chosen(Self.names, atMost: 3) { try publish(name) }
        try run("repo", "update")
        let packages = Dictionary(uniqueKeysWithValues: system.installed.keys.map { ($0, system.newest($0)) })
        if packages == system.installed {
            try run("-y", "sync")
        } else {
            try change(to: packages, ["-y", "sync"])
        }
    }

    // MARK: States

    private func activate() throws {
        let others = system.states.keys.filter { $0 != system.active }.sorted()
        guard let state = others.randomElement(using: &generator) else { return }
        try run("-y", "state", "activate", BytePath("\(state)"))
        system.activate(state)
    }

    private func removeStates() throws {
        let count = Int.random(in: 1...3, using: &generator)
        let going = Array(system.removable.shuffled(using: &generator).prefix(count))
        if going.isEmpty { return }
        let promised = try promise(going)
        let text = try run(["-y", "state", "remove", "--json"] + going.map { BytePath("\($0)") })
        system.remove(going)
        let freed = try decode(Removal.self, text).freed.bytes
        // States may share what no other has.
        guard going.count == 1 ? freed == promised : freed >= promised else {
            throw Mismatch(description: "du promised \(promised) bytes, removing states gave back \(freed)")
        }
    }

    private struct Removal: Decodable {
        struct Freed: Decodable { var bytes: UInt64 }
        var freed: Freed
    }

    private struct Use: Decodable {
        struct State: Decodable {
            var exclusiveBytes: UInt64
            var viewBytes: UInt64
        }
        var states: [State]
        var unneededBytes: UInt64
    }

    /// What du says that removing these states one by one takes out of the store.
    private func promise(_ states: [UInt64]) throws -> UInt64 {
        let text = try root.command(["du", "--json"] + states.map { BytePath("\($0)") }).runSuccessfully().outputText
        let use = try decode(Use.self, text)
        return use.states.reduce(use.unneededBytes) { $0 + $1.exclusiveBytes - $1.viewBytes }
    }

    private func prune() throws {
        let keep = Int.random(in: 1...5, using: &generator)
        try run("-y", "state", "prune", "--keep", BytePath("\(keep)"))
        system.remove(system.prunable(keep: keep))
    }

    private func pin() throws {
        guard let state = system.states.keys.sorted().randomElement(using: &generator) else { return }
        try run("state", "pin", BytePath("\(state)"), BytePath("name\(state)"))
        system.pin(state, "name\(state)")
    }

    private func unpin() throws {
        guard let state = system.pins.keys.sorted().randomElement(using: &generator) else { return }
        try run("state", "unpin", BytePath("name\(state)"))
        system.unpin(state)
    }

    private func collect(verifying: Bool) throws {
        let text = try run(["-y", "gc"] + (verifying ? ["--verify"] : []))
        if verifying && !text.hasSuffix("A full mark found nothing else.\n") { throw Mismatch(description: text) }
    }

    // MARK: Views

    private func mount() throws {
        guard views.count < 3, let state = system.states.keys.sorted().randomElement(using: &generator),
            let tree = system.states[state]?.tree
        else { return }
        let name = BytePath("view\(steps.count)")
        try Descriptor.openDirectory(root.path).makeDirectory(name)
        let view = View(place: root.path.appending(name), state: state, tree: tree)
        let reading: BytePath = Bool.random(using: &generator) ? "passthrough" : "cached"
        try run("mount", "--reading", reading, BytePath("\(state)"), view.place)
        views.append(view)
        readers.show(tree, at: view.place)
    }

    private func unmount(_ view: View) throws {
        readers.show(nil, at: view.place)
        try unmount(view.place)
        views.removeAll { $0.place == view.place }
    }

    /// Other commands look at views for a moment, for `mount --list` and when they clean up; what is in use stays.
    private func unmount(_ place: BytePath) throws {
        for _ in 0..<20 {
            let result = try root.moss("umount", place)
            if !result.errorText.contains("in use") { break }
            usleep(50_000)
        }
        steps.append("umount \(place.lastComponent.display)")
        if try MountTable.read().contains(where: { $0.path == place }) {
            throw Mismatch(description: "\(place.display) is still mounted")
        }
    }

    /// Takes away what a failure left mounted.
    func clear() {
        for view in views {
            readers.show(nil, at: view.place)
            try? MountTable.unmount(view.place, lazily: true)
        }
    }

    // MARK: Checking

    private struct States: Decodable {
        struct State: Decodable {
            var number: UInt64
            var isActive: Bool
            var name: String?
        }
        var states: [State]
    }

    private struct Document<Content: Decodable>: Decodable {
        var data: Content
    }

    private func decode<Content: Decodable>(_ type: Content.Type, _ text: String) throws -> Content {
        try JSONDecoder.snakeCase.decode(Document<Content>.self, from: Data(text.utf8)).data
    }

    private func check() throws {
        let listed = try decode(States.self, root.done("state", "list", "--json")).states
        guard listed.map(\.number) == system.states.keys.sorted(),
            listed.filter(\.isActive).map(\.number) == (system.active == 0 ? [] : [system.active]),
            listed.allSatisfy({ $0.name == system.pins[$0.number] })
        else { throw Mismatch(description: "states \(listed), not \(system.states.keys.sorted())") }
        if system.active != 0 {
            try expect("live tree", system.activeTree, at: root.root.appending("usr"))
        }
        for view in views { try expect("view of \(view.state)", view.tree, at: view.place) }
        guard readers.complaints.isEmpty else {
            throw Mismatch(description: readers.complaints.prefix(10).joined(separator: "\n"))
        }
    }

    private func expect(_ what: String, _ tree: ModelTree, at place: BytePath) throws {
        let complaints = tree.complaints(about: try TreeListing(of: place))
        guard complaints.isEmpty else {
            throw Mismatch(description: "\(what): \(complaints.prefix(10).joined(separator: "\n"))")
        }
    }

    /// Looks at every state there is, through one view.
    private func checkAllStates() throws {
        if system.states.isEmpty { return }
        let place = root.path.appending("all")
        try Descriptor.openDirectory(root.path).ensureDirectory("all")
        try run("mount", "--all", place)
        defer { try? MountTable.unmount(place, lazily: true) }
        for (number, state) in system.states.sorted(by: { $0.key < $1.key }) {
            try expect("state \(number)", state.tree, at: place.appending("states/\(number)/usr"))
        }
        try unmount(place)
    }
}
