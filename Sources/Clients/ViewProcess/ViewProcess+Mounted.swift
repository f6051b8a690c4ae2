package import BytePath
package import GarbageCollection
internal import HelperProcess
internal import LinuxSystem
package import ObjectStore
internal import Scratch
internal import ViewImage

/// Views that are there. Nothing here touches a view's own files: whoever asks one that does not answer may wait for
/// ever, and cannot even be killed.
extension ViewProcess {
    package struct Mounted: Hashable, Sendable {
        package enum Condition: String, Sendable {
            case answering
            /// Its process is there and does not answer, or not in time.
            case silent
            /// Its process was killed.
            case dead
            /// Taken away while it was in use: it ends with its last user.
            case detached
        }

        package let mountpoint: BytePath
        /// `state 3` or `candidate`.
        package let shows: String
        package let process: Int32
        package let condition: Condition
        /// How files are read and how many requests there were; nil when the view does not answer.
        package let statistics: String?

        package var isAlive: Bool { condition == .answering }
    }

    /// The views of a root, those that were killed too.
    package static func list(_ leases: Leases) throws(StoreError) -> [Mounted] {
        let all = try leases.all()
        let mounts = (try? MountTable.read()) ?? []
        let places = Set(all.filter(\.isHeld).map(\.description.mountpoint)).filter { place in
            mounts.last { $0.path == place }?.isView == true
        }
        let answers = ask(places)
        return all.map { lease in
            let place = lease.description.mountpoint
            let process = lease.description.process
            var statistics: String?
            var condition = Mounted.Condition.dead
            if lease.isHeld {
                condition = .detached
                switch answers[place] {
                case .value(let value)?:
                    let text = String(decoding: value, as: UTF8.self)
                    // Where another is mounted here by now, that answers, and this one is detached.
                    if text.split(separator: " ").contains("process=\(process)") {
                        (condition, statistics) = (.answering, text)
                    }
                case .failed?, AttributeQuestion.Answer.none?: condition = .silent
                case nil: break
                }
            }
            return Mounted(
                mountpoint: place, shows: lease.description.shows, process: process, condition: condition,
                statistics: statistics)
        }.sorted { ($0.mountpoint, $0.process) < ($1.mountpoint, $1.process) }
    }

    /// Has all views of a root open files anew, after some were replaced by others with the right bytes.
    ///
    /// - Returns: the places of those that could not be told and may show what was there before, in words.
    package static func renew(_ leases: Leases) -> [String] {
        let held = ((try? leases.all()) ?? []).filter(\.isHeld).map(\.description)
        if held.isEmpty && leases.anonymousHolders == nil { return [] }
        let mounts = (try? MountTable.read()) ?? []
        let places = Set(held.map(\.mountpoint)).filter { place in
            mounts.last { $0.path == place }?.isView == true
        }
        let answers = ask(places, for: "user.moss.renewed", within: 5 * patience)
        var untold = held.filter { view in
            if case .value? = answers[view.mountpoint] { false } else { true }
        }.map { "the view of \($0.shows) at \($0.mountpoint.display)" }
        if let holders = leases.anonymousHolders {
            let processes = holders.map { "process \($0)" }.joined(separator: ", ")
            untold.append("another user's view" + (processes.isEmpty ? "" : " (\(processes))"))
        }
        return untold.sorted()
    }

    private static let statisticsName = "user.moss.statistics"

    /// How long a view may take to say that it is there.
    private static let patience: UInt64 = 2_000_000_000

    /// What the views at `places` say of themselves, all asked at once.
    private static func ask(
        _ places: Set<BytePath>, for name: String = statisticsName, within time: UInt64 = patience
    ) -> [BytePath: AttributeQuestion.Answer] {
        let answers = answers(Array(places), name, before: monotonicNanoseconds() + time)
        return Dictionary(answers) { first, _ in first }
    }

    private static func answers(
        _ places: [BytePath], _ name: String, before deadline: UInt64
    ) -> [(BytePath, AttributeQuestion.Answer)] {
        guard let place = places.first else { return [] }
        let question = AttributeQuestion(name, of: place)
        // The others are asked before this one's answer is waited for.
        let others = answers(Array(places.dropFirst()), name, before: deadline)
        return others + [(place, question.answer(before: deadline))]
    }

    private static func ask(_ place: BytePath) -> AttributeQuestion.Answer {
        AttributeQuestion(statisticsName, of: place).answer(before: monotonicNanoseconds() + patience)
    }

    /// How a view ended.
    package enum Ending: String, Sendable {
        case unmounted
        /// Its process had been killed before.
        case wasDead
        /// Its process did not answer, and was killed.
        case wasSilent
        /// Taken away; its process goes on until nobody uses it any more.
        case detached
    }

    /// Takes the view at `path` away and waits until its process has let go.
    ///
    /// - Parameters:
    ///   - leases: of the root it shows, where known.
    ///   - lazily: at once, even while somebody uses it: what is open there stays usable until closed.
    @discardableResult
    package static func unmount(
        _ path: BytePath, of leases: Leases?, lazily: Bool
    ) throws(ViewError) -> Ending {
        let place = try ViewError.catching { () throws(SystemError) in try Place(path) }
        guard let mount = place.mount, mount.isView else {
            let advice = "moss mount --list shows those there are"
            if let mount = place.mount {
                throw ViewError(path, "what is mounted here is no view but a file system (\(mount.type))", advice)
            }
            if let view = place.holder, view.isView {
                throw ViewError(path, "no view is mounted here; this is inside the one at \(view.path.display)", advice)
            }
            throw ViewError(path, "no view is mounted here", advice)
        }
        let answer = ask(place.path)
        let isDead = answer.isOfTheDead
        // Only those who wait for an answer still use it, and they wait for nothing.
        let isSilent = answer == .none
        do throws(SystemError) {
            try unmount(place.path, lazily: lazily || isDead, byForce: isSilent && lazily)
        } catch {
            switch error.number {
            case .notPermitted: try unmountByHelper(place.path, lazily: lazily || isDead)
            // Another command has cleared it away since.
            case .invalidArgument where isDead: break
            default: throw Self.explained(error, path, isSilent: isSilent)
            }
        }
        if isDead {
            if let leases { cleanUp(leases) }
            return .wasDead
        }
        if isSilent {
            endSilent(at: place.path, leases)
            return .wasSilent
        }
        if lazily { return waitForEnd(of: place.path, leases, milliseconds: 100) ? .unmounted : .detached }
        _ = waitForEnd(of: place.path, leases, milliseconds: 5000)
        return .unmounted
    }

    private static func unmount(_ place: BytePath, lazily: Bool, byForce: Bool) throws(SystemError) {
        for _ in 0..<15 {
            do throws(SystemError) {
                return try MountTable.unmount(place, lazily: lazily, byForce: byForce)
            } catch {
                guard error.number.isBusy else { throw error }
            }
            // Perhaps somebody only asks how it is.
            pause(milliseconds: 20)
        }
        try MountTable.unmount(place, lazily: lazily, byForce: byForce)
    }

    private static func explained(_ error: SystemError, _ path: BytePath, isSilent: Bool) -> ViewError {
        if error.number == .invalidArgument { return ViewError(path, "no view is mounted here any more") }
        guard error.number.isBusy else { return ViewError(error) }
        return isSilent
            ? ViewError(path, "the view is in use, and does not answer", "--lazy takes it from those who use it")
            : ViewError(path, "the view is in use", "end the programs that use it, or use --lazy")
    }

    /// A user's mount was made by the setuid helper of FUSE, which alone may take it away.
    private static func unmountByHelper(_ place: BytePath, lazily: Bool) throws(ViewError) {
        let options: [BytePath] = lazily ? ["-u", "-z"] : ["-u"]
        let end: ProcessEnd
        do throws(HelperError) {
            end = try HelperProcess.start(HelperLaunch(HelperProcess.find("fusermount3"), options + [place])).wait()
        } catch {
            throw ViewError(error, place)
        }
        guard end.status == 0 else { throw ViewError(place, "fusermount3 could not unmount it") }
    }

    /// The process ends a moment after its mount; what it held is free only then.
    /// - Returns: whether it has.
    private static func waitForEnd(of place: BytePath, _ leases: Leases?, milliseconds: Int) -> Bool {
        guard let leases else { return true }
        for _ in 0..<(milliseconds / 10) {
            if holders(of: place, leases).isEmpty { return true }
            pause(milliseconds: 10)
        }
        return false
    }

    private static func holders(of place: BytePath, _ leases: Leases) -> [Int32] {
        let leases = (try? leases.all()) ?? []
        return leases.filter { $0.description.mountpoint == place && $0.isHeld }.map(\.description.process)
    }

    /// Ends a process that shows nothing any more and does not see that.
    private static func endSilent(at place: BytePath, _ leases: Leases?) {
        guard let leases else { return }
        if waitForEnd(of: place, leases, milliseconds: 500) { return }
        for process in holders(of: place, leases) where serves(process, place) { ChildProcess.send(9, to: process) }
        _ = waitForEnd(of: place, leases, milliseconds: 2000)
        cleanUp(leases)
    }

    /// Whether the process of this number is what shows `place`, and no other that has its number by now.
    private static func serves(_ process: Int32, _ place: BytePath) -> Bool {
        guard process > 1, let text = try? Descriptor.openDirectory(BytePath("/proc/\(process)")).readFile("cmdline")
        else { return false }
        let words = text.split(separator: 0, omittingEmptySubsequences: false).map { BytePath(bytes: Array($0)) }
        guard words.first?.lastComponent == programName, let option = words.firstIndex(of: ViewRequest.mountpointOption)
        else {
            return false
        }
        return words.dropFirst(option + 1).first == place
    }

    /// Removes what views that were killed have left: leases, dead mounts, directories. Costs next to nothing where
    /// there is nothing.
    package static func cleanUp(_ leases: Leases) {
        // Cleaning up is for others' sake: whatever cannot be done now is tried again by the next command.
        guard let reaped = try? leases.reap(), !reaped.isEmpty else { return }
        for place in Set(reaped.map(\.description.mountpoint)) { detachIfDead(place) }
        ScratchDirectory.removeAbandoned(.view)
    }

    /// Takes the view at `place`, a path without links, away if its process is gone.
    static func detachIfDead(_ place: BytePath) {
        guard place.isAbsolute, (try? MountTable.read().last(where: { $0.path == place })?.isView) == true,
            ask(place).isOfTheDead
        else { return }
        do throws(SystemError) {
            try MountTable.unmount(place, lazily: true)
        } catch {
            if error.number == .notPermitted { try? unmountByHelper(place, lazily: true) }
        }
    }
}

extension AttributeQuestion.Answer {
    /// Whether the kernel says that nobody serves the file system any more.
    fileprivate var isOfTheDead: Bool { self == .failed(.notConnected) || self == .failed(.connectionAborted) }
}
