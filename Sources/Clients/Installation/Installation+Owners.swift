internal import BytePath
internal import FileTree
internal import LinuxSystem
internal import ObjectStore
internal import PackageCatalog
internal import PackageModel
internal import States

/// Whether the owners that packages ask for can be given.
extension Installation {
    /// Refuses packages whose files would belong to somebody this user namespace has no number for, before anything of
    /// theirs is unpacked.
    func checkOwners(
        of additions: [Plan.Addition], _ arriving: [PackageID: PackageRecord]
    ) throws(InstallationError) {
        guard root.ownership == .applied else { return }
        let (users, groups) = (IdentifierMap.users(), IdentifierMap.groups())
        if users.isWhole && groups.isWhole { return }
        for addition in additions {
            for (directory, entry) in try entries(of: addition.id, arriving) {
                let isGroup = users.contains(entry.metadata.uid)
                if isGroup && groups.contains(entry.metadata.gid) { continue }
                throw .unmappedOwner(
                    BytePath("/usr").appending(directory.appending(entry.name)),
                    package: "\(addition.metadata.name) \(addition.metadata.versionText)",
                    isGroup ? "group \(entry.metadata.gid)" : "owner \(entry.metadata.uid)")
            }
        }
    }
}
