package import BytePath
package import FileTree
package import GarbageCollection
package import LinuxSystem
package import PackageModel
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

/// What is to be shown.
package enum ViewSubject: Hashable, Sendable {
    case active
    case state(UInt64)
    /// What these changes, one after the other, would make of the active state.
    case candidate([Change])
    /// One package alone.
    case package(PackageID)
    /// What is in one of two states only, or in both but not the same.
    case difference(from: UInt64, to: UInt64, DifferenceTrees.Part)
}
