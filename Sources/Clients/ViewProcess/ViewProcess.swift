package import BytePath
package import GarbageCollection
internal import HelperProcess
internal import LinuxSystem
package import ViewImage

/// Starts, lists and ends the processes that serve views, and cleans up after those that were killed.
package enum ViewProcess {
    /// The program's name, as ``HelperProcess/find(_:)`` wants it.
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
        do throws(HelperError) {
            return try HelperProcess.find(programName)
        } catch {
            throw ViewError(error, programName)
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

    private static func launch(_ request: ViewRequest, inheriting: [Int32]) throws(ViewError) -> Started {
        var launch = HelperLaunch.detached(try findProgram(), request.arguments)
        launch.inherited = inheriting
        launch.ready = ViewRequest.readyOption
        do throws(HelperError) {
            let process = try HelperProcess.start(launch)
            let reading = process.remark
            return Started(process: process.leave(), reading: reading)
        } catch {
            throw ViewError(error, request.mountpoint)
        }
    }

    /// Serves `request` with this process's standard streams until the view ends.
    /// - Returns: the exit code.
    package static func serve(_ request: ViewRequest, inheriting: [Int32]) throws(ViewError) -> Int32 {
        var launch = HelperLaunch(try findProgram(), request.arguments)
        launch.inherited = inheriting
        do throws(HelperError) {
            return try HelperProcess.run(launch).status
        } catch {
            throw ViewError(error, request.mountpoint)
        }
    }
}

extension ViewRequest {
    fileprivate mutating func follow(_ options: MountOptions) {
        forbidsExecution = options.forbidsExecution
        allowsOthers = options.allowsOthers
    }
}
