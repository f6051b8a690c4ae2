internal import Digests
internal import FileTree
package import ObjectStore
internal import PackageCatalog
package import PackageModel

/// Measuring who holds what.
extension GarbageCollector {
    /// Looks at all layouts, live views and pending removals; nothing is written.
    ///
    /// - Parameters:
    ///   - live: the tree that one of the holders has in front of people.
    ///   - trees: the others on disk; a file that one of them has keeps its bytes when the store gives it up.
    package func surveySpace(
        of holders: [SpaceSurvey.Holder], live: TreeID, trees: [TreeID]
    ) throws(StoreError) -> SpaceSurvey {
        var survey = SpaceSurvey(holders)
        try objects.reading { (transaction) throws(StoreError) in
            for id in try catalog.packages(in: transaction) {
                let layout = try catalog.layoutBytes(of: id, in: transaction)
                do throws(TreeError) {
                    try survey.add(id, layout, effective: objects.effective)
                } catch {
                    throw .tree(error)
                }
            }
        }
        survey.count(plainFile: objects.effective(.plainFile))
        let pending = try self.pending()
        let views = try viewed(pending.manifests)
        survey.noteViews(packages: views.packages, objects: views.objects, everything: views.everything)
        for tree in Set(trees) { try noteFiles(of: tree, besides: live, &survey) }
        survey.countUnneeded()
        for (digest, copies) in pending.objects where !views.objects.contains(digest) && !views.everything {
            survey.unneededBytes.addSaturated(copies.copiedBytes)
        }
        return survey
    }

    /// Notes the files of `tree` that are not in `live`; costs what differs.
    private func noteFiles(of tree: TreeID, besides live: TreeID, _ survey: inout SpaceSurvey) throws(StoreError) {
        try objects.readingTrees { lookup in
            func note(_ entry: TreeEntry) {
                guard case .regular(let digest, let size) = entry.content, size > 0 else { return }
                survey.noteTree(SpaceSurvey.Copy(object: digest, variant: objects.effective(entry.metadata)))
            }
            try TreeDifference.walk(from: live, to: tree, lookup) { _, change in
                switch change {
                case .removed: break
                case .added(let entry), .changed(_, let entry):
                    note(entry)
                    guard case .added = change, let subtree = entry.tree else { return }
                    try TreeDifference.forEachEntry(of: subtree, lookup) { _, entry in note(entry) }
                }
            }
        }
    }
}
