package import BytePath
package import GarbageCollection
internal import LinuxSystem
package import ViewImage

/// Starts, lists and ends the processes that serve views, and cleans up after those that were killed.
package enum ViewProcess {
    /// The program's name, as ``findHelperProgram(_:)`` wants it.
    package static let programName: BytePath = "moss-view"

    /// A view that answers.
    package struct Started: Hashable, Sendable {
        package let process: Int32
        /// `passthrough` or `cached`.
        package let reading: String
    }

    /// Shows `view` at `mountpoint` in a process of its own, and returns once that answers.
    package static func start(
        _ view: consuming PreparedView, root: BytePath, at mountpoint: Mountpoint, reading: ViewRequest.Reading,
        _ options: MountOptions = MountOptions()
    ) throws(ViewError) -> Started {
        let request = request(for: view, root: root, at: mountpoint.path, reading, options)
        do throws(ViewError) {
            return try launch(request, inheriting: view.descriptors)
        } catch {
            view.discard()
            throw error
        }
    }

    /// What the process that shows `view` is told; ready for anybody who starts it himself.
    package static func request(
        for view: borrowing PreparedView, root: BytePath, at mountpoint: BytePath, _ reading: ViewRequest.Reading,
        _ options: MountOptions = MountOptions()
    ) -> ViewRequest {
        var request = ViewRequest(image: view.image.raw, root: root, mountpoint: mountpoint)
        request.reading = reading
        request.follow(options)
        request.stones = view.stones
        request.lease = view.lease.descriptor.raw
        request.scratch = view.scratchPath
        return request
    }

    /// What the process is told that shows everything `root` has; see ``RootCatalogue``.
    ///
    /// - Parameter lease: to be inherited by the process, which adds to it what it shows.
    package static func request(
        forAllOf root: BytePath, _ lease: borrowing Lease, at mountpoint: BytePath, _ reading: ViewRequest.Reading,
        _ options: MountOptions = MountOptions()
    ) -> ViewRequest {
        var request = ViewRequest(image: nil, root: root, mountpoint: mountpoint)
        request.reading = reading
        request.follow(options)
        request.lease = lease.descriptor.raw
        return request
    }

    package static func findProgram() throws(ViewError) -> BytePath {
        do throws(SystemError) {
            return try findHelperProgram(programName)
        } catch {
            throw ViewError(
                programName, "the program is missing", "install it beside moss, in ../libexec/moss or in PATH")
        }
    }

    /// Shows everything in a process of its own, and returns once that answers.
    package static func startAll(
        of root: BytePath, _ lease: consuming Lease, at mountpoint: Mountpoint, reading: ViewRequest.Reading,
        _ options: MountOptions = MountOptions()
    ) throws(ViewError) -> Started {
        let request = request(forAllOf: root, lease, at: mountpoint.path, reading, options)
        do throws(ViewError) {
            return try launch(request, inheriting: [lease.descriptor.raw])
        } catch {
            lease.release()
            throw error
        }
    }

    /// Milliseconds after which a view that has not begun never will.
    private static let startLimit: Int32 = 120_000

    private static func launch(_ request: ViewRequest, inheriting: [Int32]) throws(ViewError) -> Started {
        let program = try findProgram()
        var request = request
        let process: Int32
        let answer: [UInt8]
        do throws(SystemError) {
            let pipe = try Pipe()
            request.ready = pipe.writing.raw
            process = try spawnDetached(
                program, arguments: request.arguments, inheriting: inheriting + [pipe.writing.raw])
            let answers = pipe.intoReading()
            guard try answers.waitUntilReadable(milliseconds: startLimit) else {
                ChildProcess.send(9, to: process)
                throw SystemError(.timedOut, call: "poll")
            }
            answer = try answers.readToEnd(limit: 64 << 10)
        } catch {
            if error.number == .timedOut {
                throw ViewError(request.mountpoint, "the process that serves the view does not answer", "try again")
            }
            throw ViewError(error)
        }
        return try outcome(answer, process, request.mountpoint)
    }

    /// Reads what ``ViewRequest/ready`` promises.
    private static func outcome(
        _ answer: [UInt8], _ process: Int32, _ mountpoint: BytePath
    ) throws(ViewError) -> Started {
        let text = String(decoding: answer.dropFirst().prefix { $0 != 10 }, as: UTF8.self)
        switch answer.first {
        case UInt8(ascii: "R"): return Started(process: process, reading: String(text.dropFirst()))
        case UInt8(ascii: "E"): throw ViewError(mountpoint, text)
        default:
            throw ViewError(mountpoint, "the process that serves the view ended before it answered", "try --foreground")
        }
    }

    /// Serves `request` with this process's standard streams until the view ends.
    /// - Returns: the exit code.
    package static func serve(_ request: ViewRequest, inheriting: [Int32]) throws(ViewError) -> Int32 {
        let program = try findProgram()
        do throws(SystemError) {
            return try ChildProcess.runForwardingSignals { () throws(SystemError) in
                try ChildProcess.spawn(program, arguments: request.arguments, inheriting: inheriting)
            }.status
        } catch {
            throw ViewError(error)
        }
    }
}

extension ViewRequest {
    fileprivate mutating func follow(_ options: MountOptions) {
        forbidsExecution = options.forbidsExecution
        allowsOthers = options.allowsOthers
    }
}
