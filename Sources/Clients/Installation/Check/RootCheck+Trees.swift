internal import Blit
internal import BytePath
internal import CollectionIndex
internal import Digests
internal import Failures
internal import FileTree
internal import LinuxSystem
internal import Maintenance
internal import ObjectStore
internal import PackageModel
internal import States

/// Trees on disk: the live one and the spares.
extension RootCheck {
    func checkTrees() throws(InstallationError) {
        let active: (number: UInt64, isSwitching: Bool) = attempt(
            .database, { () throws(StateError) in try installation.stateStore.recordedActive() }, else: (0, false))
        if let chosen = options.state, chosen != active.number { return }
        let damaged = try Self.withStillTrees(root, isLocked: isLocked, progress) { () throws(InstallationError) in
            // Spares may have been written since the records were looked at, and are described anew.
            records.trees = try InstallationError.states { () throws(StateError) in
                try installation.stateStore.describedTrees()
            }
            var damaged: [(place: BytePath, damage: [Damage])] = []
            for (place, tree) in records.trees {
                if options.state != nil && place != "usr" { continue }
                var damage = checkTree(place, tree)
                if place == "usr" { damage += checkLive(active) }
                if !damage.isEmpty { damaged.append((place, damage)) }
            }
            return damaged
        }
        if damaged.isEmpty { return }
        guard options.repairs else { return note(damaged.flatMap(\.damage)) }
        try repairTrees(damaged, active.number)
    }

    /// The number in the live tree, and the root's links into it.
    private func checkLive(_ active: (number: UInt64, isSwitching: Bool)) -> [Damage] {
        var damage: [Damage] = []
        let stateFile = Damage.Subject.entry(place: "usr", path: BytePath(RootDirectory.stateFileName))
        do throws(StateError) {
            let number = try root.liveStateNumber()
            if active.number != 0, !active.isSwitching, number != active.number {
                let kind = try? root.root.statusIfPresent(of: "usr/.stateID")?.kind
                if number == nil, let kind, kind != .regular {
                    damage.append(Damage(stateFile, .wrongKind, kind.name))
                } else {
                    let found = number.map { "\($0)" } ?? "no number"
                    damage.append(Damage(stateFile, .wrongContent, "it is \(found), not \(active.number)"))
                }
            }
        } catch {
            note(error, at: stateFile)
        }
        for (name, target) in RootDirectory.links {
            let subject = Damage.Subject.entry(place: "", path: BytePath(name))
            do throws(SystemError) {
                if try root.root.readLink(BytePath(name)) == BytePath(target) { continue }
            } catch {
                if error.saysNothing {
                    report.note([.init(subject, error)])
                    continue
                }
            }
            damage.append(Damage(subject, .wrongTarget, "it must lead to \(target)"))
        }
        return damage
    }

    private func checkTree(_ place: BytePath, _ tree: TreeID) -> [Damage] {
        let subject = Damage.Subject.entry(place: place, path: "")
        do {
            let directory = try root.root.openDirectory(place)
            let totals = try installation.objects.readingTrees { lookup in try Directory(lookup(tree), id: tree).totals
            }
            // Without /proc nothing is known of mounts; what lies below one cannot be looked into then.
            let mounted = (try? MountsBelow(directory).uppermost.map(\.path)) ?? []
            progress(.phase(.checking, total: totals.entries))
            let result = try TreeCheck.run(
                installation.objects, records.table, records.files, directory, at: place, tree,
                extraNames: Set(
                    try installation.stateStore.mountPoints(in: place) + [BytePath(RootDirectory.stateFileName)]),
                mounted: Set(mounted)
            ) { [progress] in progress(.advanced(.checking, by: $0)) }
            report.treeEntries += result.entries
            // After objects were replaced, files of theirs in trees are the old ones.
            let isReading = options.repairs || (options.depth == .full && options.budget == nil)
            report.note(result.unseen)
            return result.damage + (isReading ? read(result.suspects, below: directory, at: place) : [])
        } catch let error as SystemError where error.number == .noSuchFile {
            return [Damage(subject, .missing)]
        } catch let error as any MarkedError where error.saysNothing {
            report.note([.init(subject, "\(error)", remedy: error.remedy)])
            return []
        } catch {
            return [Damage(subject, .unreadable, "\(error)")]
        }
    }

    /// Reads files that are not the store's own, one of each inode.
    private func read(
        _ suspects: [TreeCheck.Suspect], below directory: borrowing Descriptor, at place: BytePath
    ) -> [Damage] {
        var known: [UInt64: ObjectID?] = [:]
        var damage: [Damage] = []
        for suspect in suspects.sorted(by: { $0.inode < $1.inode }) {
            let subject = Damage.Subject.entry(place: place, path: suspect.path)
            do throws(SystemError) {
                let found: ObjectID?
                if let earlier = known[suspect.inode] {
                    found = earlier
                } else {
                    found = try Self.digest(of: suspect, below: directory)
                    report.bytesRead += suspect.size
                    known[suspect.inode] = .some(found)
                }
                if found == suspect.digest { continue }
                damage.append(
                    found.map { Damage(subject, .wrongContent, "holds \($0)") } ?? Damage(subject, .unreadable))
            } catch {
                report.note([.init(subject, error.below(place))])
            }
        }
        return damage
    }

    /// - Returns: nil where the file itself is to blame that it cannot be read.
    private static func digest(
        of suspect: TreeCheck.Suspect, below directory: borrowing Descriptor
    ) throws(SystemError) -> ObjectID? {
        do throws(SystemError) {
            return try hash(of: directory.openFile(suspect.path), size: suspect.size)
        } catch {
            guard error.isLossOfContent || !error.saysNothing else {
                throw error.on(suspect.path)
            }
            return nil
        }
    }

    /// Of no more than one byte beyond `size`.
    private static func hash(of file: borrowing Descriptor, size: UInt64) throws(SystemError) -> ObjectID {
        let hasher = XXH3Hasher(.bits128)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        var total: UInt64 = 0
        while total <= size {
            let part = buffer[..<Int(min(UInt64(buffer.count), size - total + 1))]
            let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: part))
            if count == 0 { break }
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            total += UInt64(count)
        }
        return ObjectID(hasher.digest128)
    }

    // MARK: Repair

    /// Writes the live tree anew and exchanges it, as any switch does; spares that are not what they should be are given
    /// up. What did not belong there is put aside first.
    private func repairTrees(
        _ damaged: [(place: BytePath, damage: [Damage])], _ active: UInt64
    ) throws(InstallationError) {
        do throws(InstallationError) {
            for (place, damage) in damaged {
                // First, as what is immutable can neither be kept nor go.
                repairAttributes(damage, at: place)
                try keep(damage, at: place)
            }
            try InstallationError.states { () throws(StateError) in try installation.stateStore.invalidateTrees() }
            for (place, damage) in damaged where place != "usr" { note(damage, .repaired("the spare is given up")) }
            guard let live = damaged.first(where: { $0.place == "usr" })?.damage else { return }
            guard let state = records.states.first(where: { $0.number == active }) else {
                return note(live, .lost)
            }
            try exchangeLive(state)
            let left = Set(checkTree("usr", state.tree) + checkLive((active, false)))
            if !left.isEmpty {
                // A tree in which something is missing must never be patched.
                try InstallationError.states { () throws(StateError) in try installation.stateStore.invalidateTrees() }
            }
            let leftSubjects = Set(left.map(\.subject))
            note(live.filter { !leftSubjects.contains($0.subject) }, .repaired("written anew and exchanged"))
            note(Array(left), .lost)
        } catch {
            note(damaged.flatMap(\.damage), .found)
            report.note([
                .init(.entry(place: "usr", path: ""), "cannot be written anew: \(error)", remedy: error.remedy)
            ])
        }
    }

    private func exchangeLive(_ state: State) throws(InstallationError) {
        let lost: LostObjects
        do throws(SystemError) {
            lost = LostObjects(in: try aside.open("objects"))
        } catch {
            throw .system(error.below(root.path))
        }
        progress(.phase(.staging, total: state.totals.entries))
        let blitter = Blitter(installation.objects, substitute: lost) { [progress] in
            progress(.advanced(.staging, by: UInt64($0)))
        }
        _ = try InstallationError.states { () throws(StateError) in
            try installation.stateStore.activate(state, blitter)
        }
        aside.removeIfEmpty("objects")
    }

    /// Takes off what somebody put on entries of a tree; nothing else of them changes.
    private func repairAttributes(_ damage: [Damage], at place: BytePath) {
        guard let directory = try? root.root.openDirectory(place) else { return }
        for item in damage where item.problem == .wrongAttributes {
            guard case .entry(place, let path) = item.subject else { continue }
            // What is still there is found again once the tree was written anew.
            try? directory.open(path.isEmpty ? "." : path, [.noFollow, .nonBlocking]).removeForeignAttributes()
        }
    }

    /// Gives files that are not the store's a second name beside it, before their tree goes.
    private func keep(_ damage: [Damage], at place: BytePath) throws(InstallationError) {
        do throws(SystemError) {
            try keepAll(damage, at: place)
        } catch {
            // What is not there need not be kept.
            if error.number != .noSuchFile { throw .system(error.below(root.path.appending(place))) }
        }
    }

    private func keepAll(_ damage: [Damage], at place: BytePath) throws(SystemError) {
        let directory = try root.root.openDirectory(place)
        for item in damage {
            guard case .entry(place, let path) = item.subject, !path.isEmpty else { continue }
            switch item.problem {
            case .extra, .wrongSize, .foreign, .wrongContent, .wrongKind, .wrongTarget:
                if path == BytePath(RootDirectory.stateFileName) { continue }
                try aside.keep(path, below: directory, in: place)
            default: continue
            }
        }
    }
}
