internal import BytePath
package import LinuxSystem
internal import Scratch

/// The directory that a command fetches files into: one that stays, so that the next command finds what this one
/// fetched, while nobody else is at it; else one of the command's own, which goes with it.
package final class DownloadDirectory: Sendable {
    private struct Place: ~Copyable, Sendable {
        var shared: Descriptor?
        var own: ScratchDirectory?
    }

    private let shared: @Sendable () throws(SystemError) -> Descriptor?
    private let place = Guarded(Place())

    /// - Parameter shared: opens the directory that stays, made where it is missing; nil where it may not be used.
    package init(shared: @escaping @Sendable () throws(SystemError) -> Descriptor?) {
        self.shared = shared
    }

    deinit {
        place.withLock { place in
            guard let scratch = place.own.take() else { return }
            let path = scratch.path
            try? Descriptor.openDirectory(path.parent).removeTree(path.lastComponent)
        }
    }

    /// A descriptor of the directory, which is chosen with the first call.
    package func open() throws(SystemError) -> Descriptor {
        try place.withLock { (place) throws(SystemError) in
            if place.shared == nil, place.own == nil {
                place.shared = try choose()
                if place.shared == nil { place.own = try ScratchDirectory.make(for: .fetching) }
            }
            if let directory = try place.shared?.duplicate() { return directory }
            if let directory = try place.own?.descriptor.duplicate() { return directory }
            throw SystemError(.noSuchFile, call: "open")
        }
    }

    /// The directory that stays, if it is to be had.
    private func choose() throws(SystemError) -> Descriptor? {
        if let directory = try shared(), try directory.lock(.exclusive) { return directory }
        ScratchDirectory.removeAbandoned(.fetching)
        return nil
    }
}
