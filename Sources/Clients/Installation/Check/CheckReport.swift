package import BytePath
internal import Digests
package import Maintenance
package import PackageModel
internal import States

/// How much of a root to look at, and what to do about what is found.
package struct CheckOptions: Sendable {
    package enum Depth: String, Sendable {
        /// Everything but the bytes of files.
        case quick
        /// Also the bytes of every object, manifest, and file in a tree that is not the store's own.
        case full
    }

    package var depth: Depth
    /// Stop reading contents after so many nanoseconds; the next check with a budget goes on there.
    package var budget: Int64?
    package var repairs: Bool
    /// Look only at what this state needs.
    package var state: UInt64?

    package init(depth: Depth, budget: Int64? = nil, repairs: Bool = false, state: UInt64? = nil) {
        self.depth = depth
        self.budget = budget
        self.repairs = repairs
        self.state = state
    }
}

/// What a check found and did.
package struct CheckReport: Sendable {
    package struct Finding: Hashable, Sendable {
        package enum Outcome: Hashable, Sendable {
            case found
            /// Put right, and from what.
            case repaired(String)
            /// No good copy of it is left anywhere.
            case lost
        }
        package var damage: Damage
        package var outcome: Outcome
    }

    /// Content that is nowhere any more.
    package struct Loss: Hashable, Sendable {
        package var digest: ObjectID
        package var size: UInt64
        /// The packages that have it; empty for a file the tools made.
        package var packages: [PackageID]
        /// Their names and versions.
        package var packageNames: [String]
        /// Where these put it, below the root.
        package var paths: [BytePath]
        /// The states it is missing from.
        package var states: [UInt64]
    }

    /// What helps; which command that is, the command line says.
    package enum Advice: Hashable, Sendable {
        case repair
        /// A collection with these packages, named with their versions; then repair.
        case addCollection([String])
        case removeStates([UInt64])
        case updateCollection(String)
    }

    package var findings: [Finding] = []
    /// What could not be looked at. Nothing there was judged, let alone repaired or removed.
    package var unseen: [Damage.Unseen] = []
    package var losses: [Loss] = []
    /// What to do about what is left, in the order to try it.
    package var advice: [Advice] = []
    package var objects = 0
    package var bytesRead: UInt64 = 0
    package var treeEntries = 0
    /// False where a budget ended the reading of contents, or damage made part of the check impossible, or something
    /// could not be looked at.
    package var isComplete = true
    /// How much of the contents the current round of budgeted checks has read, in thousandths.
    package var budgetProgress: Int?
    /// Below the root; where repairs put what was in their way.
    package var setAside: BytePath?
    package var rebuild: DatabaseRebuild.Report?

    package var damages: [Finding] { findings.filter { !$0.damage.isLitter } }
    /// Whether something is wrong that was not put right.
    package var isDamaged: Bool { damages.contains { if case .repaired = $0.outcome { false } else { true } } }
    package var isRepaired: Bool { !damages.isEmpty && !isDamaged }

    mutating func note(_ more: [Damage.Unseen]) {
        if more.isEmpty { return }
        unseen += more
        isComplete = false
    }
}
