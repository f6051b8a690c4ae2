import TestSupport

/// What a root must be, in memory: states, pins, and what the collection offers.
struct ModelSystem {
    struct State {
        /// Releases by name.
        var packages: [String: UInt64]
        var tree: ModelTree
    }

    private(set) var states: [UInt64: State] = [:]
    private(set) var active: UInt64 = 0
    private(set) var pins: [UInt64: String] = [:]
    private var offers: [String: [ModelPackage]] = [:]
    /// Numbers are never used twice.
    private var last: UInt64 = 0

    var next: UInt64 { last + 1 }
    var installed: [String: UInt64] { states[active]?.packages ?? [:] }
    var activeTree: ModelTree { states[active]?.tree ?? ModelTree([]) }

    mutating func offer(_ package: ModelPackage) { offers[package.name, default: []].append(package) }

    /// The newest release in the collection.
    func newest(_ name: String) -> UInt64 { UInt64(offers[name]?.count ?? 0) }

    func tree(of packages: [String: UInt64]) -> ModelTree {
        ModelTree(packages.compactMap { name, release in offers[name]?[Int(release) - 1] })
    }

    mutating func addState(_ packages: [String: UInt64]) {
        last += 1
        states[last] = State(packages: packages, tree: tree(of: packages))
        active = last
    }

    mutating func activate(_ number: UInt64) { active = number }

    mutating func remove(_ numbers: [UInt64]) { for number in numbers { states[number] = nil } }

    mutating func pin(_ number: UInt64, _ name: String) { pins[number] = name }

    mutating func unpin(_ number: UInt64) { pins[number] = nil }

    /// States that may be removed.
    var removable: [UInt64] { states.keys.filter { $0 != active && pins[$0] == nil }.sorted() }

    /// What `state prune --keep` removes.
    func prunable(keep: Int) -> [UInt64] { removable.filter { $0 < active }.dropLast(keep - 1) }
}
