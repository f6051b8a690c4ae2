package import BytePath
package import LinuxSystem

/// What a program is started with.
package struct HelperLaunch: Sendable {
    /// Its path; see ``HelperProcess/find(_:)``.
    package let program: BytePath
    package var arguments: [BytePath]
    /// Open descriptors above 2 that it gets under the same numbers; it gets no others.
    package var inherited: [Int32] = []
    package var streams = ChildProcess.Streams.shared
    /// Where it works; this process's directory unless named.
    package var directory: BytePath?
    /// In a session of its own, so that nothing sent to this one's reaches it.
    package var isDetached = false
    /// The option behind which it gets the number of a pipe, to say that it is ready; see ``ReadySignal``. Without it
    /// nobody waits for that.
    package var ready: BytePath?
    /// The option behind which it gets the number of a socket; see ``HelperConnection``.
    package var socket: BytePath?
    /// How long it may take until it is ready.
    package var patienceSeconds: Int32 = 120

    package init(_ program: BytePath, _ arguments: [BytePath] = []) {
        self.program = program
        self.arguments = arguments
    }

    /// One that nobody of this process's caller waits for: detached, in the root directory, without streams.
    package static func detached(_ program: BytePath, _ arguments: [BytePath]) -> HelperLaunch {
        var launch = HelperLaunch(program, arguments)
        launch.streams = .none
        launch.directory = "/"
        launch.isDetached = true
        return launch
    }

    func handingOver(_ descriptor: Int32, as option: BytePath) -> HelperLaunch {
        var launch = self
        launch.inherited.append(descriptor)
        launch.arguments += [option, BytePath("\(descriptor)")]
        return launch
    }

    func spawn() throws(SystemError) -> Int32 {
        try ChildProcess.spawn(
            program, arguments: arguments, inheriting: inherited, streams: streams, directory: directory,
            isDetached: isDetached)
    }

    func explaining<R: ~Copyable>(_ body: () throws(SystemError) -> R) throws(HelperError) -> R {
        do throws(SystemError) {
            return try body()
        } catch {
            throw HelperError(program, .system(error))
        }
    }
}
