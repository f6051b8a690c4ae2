package import LinuxSystem

/// The socket to the process that started this one, which ends when that process or its end of the socket does.
package struct HelperConnection: ~Copyable, Sendable {
    package let socket: Descriptor

    /// How a process ends that nobody needs any more.
    package static let abandonedStatus: Int32 = 0

    /// - Parameter number: the socket's, as it stands behind the option for it.
    /// - Throws: EAGAIN when there is no thread to watch over it.
    package init(adopting number: Int32) throws(SystemError) {
        let socket = Descriptor(taking: number)
        let watched = try socket.duplicate().keepOpen()
        let isWatched = withThreadBeside {
            let watched = Descriptor(taking: watched)
            // Where even that fails, nobody would notice the end.
            try? watched.waitUntilClosed()
            CurrentProcess.exitImmediately(Self.abandonedStatus)
        }
        guard isWatched else { throw SystemError(.wouldBlock, call: "pthread_create") }
        self.socket = socket
    }
}
