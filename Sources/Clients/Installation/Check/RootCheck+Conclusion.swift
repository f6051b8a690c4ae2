internal import BytePath
internal import CollectionIndex
internal import CollectionSettings
internal import Digests
internal import Downloads
internal import FileTree
internal import GarbageCollection
internal import LinuxSystem
internal import Maintenance
internal import ObjectStore
internal import PackageCatalog
internal import PackageModel
internal import States

/// What lies about, and what is to be said in the end.
extension RootCheck {
    /// Temporary files, leases nobody holds, and contents of collections nobody configured.
    func checkLitter() {
        for lease in attempt(.file("leases"), { () throws(StoreError) in try installation.leases.all() }, else: []) {
            let place = BytePath("leases").appending(lease.name)
            if !lease.isReadable {
                note([Damage(.file(place), .damaged, "not a lease")])
            } else if !lease.isHeld {
                note([Damage(.file(place), .stale, "its holder is gone")])
            }
        }
        let stale = attempt(
            .database, { () throws(RepositoryError) in try installation.collections.staleContents() }, else: [])
        note(stale.map { Damage(.collection($0.text), .stale, "not configured any more") })
        guard options.repairs else { return }
        for id in stale where (try? installation.collections.forgetContents(of: id)) != nil {
            settle(Damage(.collection(id.text), .stale, "not configured any more"), "removed")
        }
        removeLitter()
    }

    /// Changes a finding into one that was repaired.
    func settle(_ damage: Damage, _ how: String) {
        guard let index = report.findings.firstIndex(where: { $0.damage == damage }) else { return }
        report.findings[index].outcome = .repaired(how)
    }

    /// Temporary files go; files that have no business in the store are put aside; objects and manifests that nobody
    /// needs stay for collecting.
    private func removeLitter() {
        try? installation.collector.removeTemporaryFiles()
        _ = try? installation.leases.reap()
        for finding in report.findings where finding.damage.isLitter {
            guard case .file(let path) = finding.damage.subject else { continue }
            if (try? root.moss.statusIfPresent(of: path)) == .some(nil) {
                settle(finding.damage, "removed")
            } else if (try? quarantine(path)) != nil {
                settle(finding.damage, "put aside")
            }
        }
    }

    private func quarantine(_ path: BytePath) throws(SystemError) {
        let place = try aside.open(path.parent)
        try root.moss.rename(path, to: path.lastComponent, below: place)
    }

    /// Says what is lost, whom it concerns and what would help.
    func conclude() throws(InstallationError) {
        report.setAside = aside.path
        var digests: Set<ObjectID> = []
        for finding in report.findings where !finding.damage.isLitter {
            guard case .object(let digest, _) = finding.damage.subject else { continue }
            if case .repaired = finding.outcome { continue }
            digests.insert(digest)
        }
        if !digests.isEmpty { try describe(digests) }
        if report.isDamaged, !options.repairs { report.advice.append(.repair) }
    }

    private func describe(_ digests: Set<ObjectID>) throws(InstallationError) {
        let packages = try InstallationError.stored { () throws(StoreError) in
            try installation.catalog.packages(having: digests)
        }
        var names: [PackageID: PackageMetadata] = [:]
        var paths: [ObjectID: Set<BytePath>] = [:]
        for (package, hits) in packages {
            names[package] = try? installation.metadata(of: package)
            for (path, entry) in (try? installation.files(of: package)) ?? [] {
                guard case .regular(let digest, _) = entry.content, hits.contains(digest) else { continue }
                paths[digest, default: []].insert(BytePath("usr").appending(path))
            }
        }
        for digest in digests.sorted() {
            let owners = packages.filter { $0.1.contains(digest) }.map(\.0)
            let states = records.states.filter { state in
                owners.contains { state.contains($0) }
                    || (state.generated ?? []).contains {
                        if case .regular(digest, _) = $0.entry.content { true } else { false }
                    }
            }
            let index = records.table.indices(of: digest).first
            report.losses.append(
                CheckReport.Loss(
                    digest: digest, size: index.map { records.table.rows[$0].size } ?? 0, packages: owners,
                    packageNames: owners.map { id in names[id].map { "\($0.name) \($0.versionText)" } ?? "\(id)" },
                    paths: paths[digest]?.sorted() ?? [], states: states.map(\.number)))
        }
        guard options.repairs else { return }
        let active = (try? installation.stateStore.recordedActive().number) ?? 0
        let wanted = Set(report.losses.flatMap(\.packageNames)).sorted()
        if !wanted.isEmpty { report.advice.append(.addCollection(wanted)) }
        let others = Set(report.losses.flatMap(\.states)).subtracting([active]).sorted()
        if !others.isEmpty { report.advice.append(.removeStates(others)) }
    }
}
