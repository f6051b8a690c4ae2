package import BytePath
package import GarbageCollection
package import LinuxSystem
package import Scratch
package import ViewImage

/// Everything that a process needs to show one tree: to be handed over, then let go of.
package struct PreparedView: ~Copyable, Sendable {
    /// A ``ViewImage`` in a sealed memory file.
    package let image: Descriptor
    /// What is shown, for people: a state's number, or `candidate`.
    package let shown: String
    /// Keeps what is shown in the store.
    package let lease: Lease
    /// Content that the store lacks; nil when it lacks nothing.
    package let scratch: ScratchDirectory?
    /// Packages that are unpacked when one of their files is first opened.
    package let stones: [ViewRequest.Stone]
    /// How many packages the tree is of, and how many of them were brought for this view only.
    package let packages: Int
    package let arrivals: Int
    package let entries: UInt64

    package init(
        image: consuming Descriptor, shown: String, lease: consuming Lease, scratch: consuming ScratchDirectory?,
        stones: [ViewRequest.Stone], packages: Int, arrivals: Int, entries: UInt64
    ) {
        self.image = image
        self.shown = shown
        self.lease = lease
        self.scratch = scratch
        self.stones = stones
        self.packages = packages
        self.arrivals = arrivals
        self.entries = entries
    }

    package var scratchPath: BytePath? {
        switch scratch {
        case .some(let scratch): scratch.path
        case .none: nil
        }
    }

    /// Lets go of everything at once, for a view that did not come about.
    package consuming func discard() { lease.release() }

    /// What the process that shows it must inherit.
    package var descriptors: [Int32] {
        let descriptors = [image.raw, lease.descriptor.raw]
        return switch scratch {
        case .some(let scratch): descriptors + [scratch.descriptor.raw]
        case .none: descriptors
        }
    }
}
