import BytePath
import Glibc
import LinuxSystem
import Synchronization
import TestSupport

/// Those who look while a root is changed: at the live tree, at open views, and through commands.
final class ModelReaders: Sendable {
    private struct Shared {
        /// What each state must be, those that are gone and the next one included.
        var trees: [UInt64: ModelTree] = [:]
        var complaints: [String] = []
        var looks = 0
    }

    private let root: CommandRoot
    private let shared = Guarded(Shared())
    /// What is shown at which directory; locked while somebody looks there.
    private let views = Guarded<[BytePath: ModelTree]>([:])
    private let isDone = Atomic<Bool>(false)

    init(_ root: CommandRoot) { self.root = root }

    var complaints: [String] { shared.withLock { $0.complaints } }
    var looks: Int { shared.withLock { $0.looks } }

    func know(_ tree: ModelTree, of state: UInt64) { shared.withLock { $0.trees[state] = tree } }

    /// A view must be `tree` from now on; with nil nobody looks at it any more.
    func show(_ tree: ModelTree?, at place: BytePath) { views.withLock { $0[place] = tree } }

    /// Looks for as long as `body` runs.
    func looking(_ body: @escaping @Sendable () -> Void) {
        let looks: [@Sendable () -> Void] = [
            body, { self.repeating(self.lookAtLiveTree) }, { self.repeating(self.lookAtViews) },
            { self.repeating(self.ask) },
        ]
        withThreads(looks.count) { index in
            looks[index]()
            if index == 0 { self.isDone.store(true, ordering: .releasing) }
        }
    }

    private func repeating(_ look: (Int) throws -> [String]) {
        var round = 0
        while !isDone.load(ordering: .acquiring) {
            let found = Result { try look(round) }
            shared.withLock { shared in
                switch found {
                case .success(let complaints): shared.complaints += complaints
                case .failure(let error): shared.complaints.append("looking: \(error)")
                }
                shared.looks += 1
            }
            round += 1
            usleep(10_000)
        }
    }

    /// Whoever has a `/usr` open sees one state, whole, for as long as it is open.
    private func lookAtLiveTree(_ round: Int) throws -> [String] {
        let usr = try Descriptor.openDirectory(root.root.appending("usr"))
        guard let text = try usr.readFileIfPresent(".stateID", limit: 100) else { return [] }
        guard let number = UInt64(String(decoding: text, as: UTF8.self)),
            let tree = shared.withLock({ $0.trees[number] })
        else { return ["the live tree is of state \(text)"] }
        let listing = try TreeListing(of: BytePath("/proc/self/fd/\(usr.raw)"))
        let again = try usr.readFileIfPresent(".stateID", limit: 100)
        return tree.complaints(about: listing).map { "live state \(number): \($0)" }
            + (again == text ? [] : ["state \(number) became another one while it was open"])
    }

    /// A view shows what it did, whatever becomes of its state.
    private func lookAtViews(_ round: Int) throws -> [String] {
        try views.withLock { views in
            try views.flatMap { place, tree in
                try tree.complaints(about: TreeListing(of: place)).map { "view \(place.lastComponent.display): \($0)" }
            }
        }
    }

    private static let questions: [[BytePath]] = [
        ["list", "installed"], ["state", "list"], ["du", "--packages"], ["search-file", "bin/p1"],
        ["state", "active"], ["mount", "--list"], ["gc", "--dry-run"], ["search", "p"],
    ]

    /// Commands that only read work whatever else is going on.
    private func ask(_ round: Int) throws -> [String] {
        let question = Self.questions[round % Self.questions.count]
        let result = try root.command(question).run()
        let asked = question.map(\.display).joined(separator: " ")
        return result.end == .exited(0) ? [] : ["\(asked): \(result.end) \(result.errorText)"]
    }
}
