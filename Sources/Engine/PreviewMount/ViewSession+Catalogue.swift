internal import BytePath
internal import CFuse
import Glibc
internal import LinuxSystem
internal import ViewImage

/// Answers for the directories above the trees of a ``Catalogue``, which change: the kernel may keep little of them.
extension ViewSession {
    /// Directories and trees may go, but not so often that each step on a path must ask.
    private static let moment = 1.0

    func lookUpInCatalogue(_ request: fuse_req_t, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>) {
        guard let catalogue = source.catalogue, let directory = catalogue.node(parent) else {
            reply(request, Int32(ENOENT))
            return
        }
        var parameters = fuse_entry_param()
        do {
            switch try catalogue.find(
                BytePath(bytes: Array(UnsafeRawBufferPointer(start: name, count: strlen(name)))), in: directory)
            {
            case .none:
                // It may come, so this is not to be remembered.
                reply(request, Int32(ENOENT))
                return
            case .tree(let place)?: fill(&parameters, place, place.row)
            case .node(let number, let node)?: fill(&parameters, number, node)
            }
        } catch {
            reply(request, Int32(EIO))
            return
        }
        if case .link = catalogue.node(parameters.ino)?.entry {
            parameters.entry_timeout = 0
        } else {
            parameters.entry_timeout = Self.moment
        }
        _ = fuse_reply_entry(request, &parameters)
    }

    func getCatalogueAttributes(_ request: fuse_req_t, _ number: fuse_ino_t) {
        guard let node = source.catalogue?.node(number) else {
            reply(request, Int32(ENOENT))
            return
        }
        var parameters = fuse_entry_param()
        fill(&parameters, number, node)
        _ = fuse_reply_attr(request, &parameters.attr, Self.moment)
    }

    func readCatalogueLink(_ request: fuse_req_t, _ number: fuse_ino_t) {
        guard case .link(let target)? = source.catalogue?.node(number)?.entry else {
            reply(request, Int32(EINVAL))
            return
        }
        target.withCString { _ = fuse_reply_readlink(request, $0) }
    }

    private func fill(_ parameters: inout fuse_entry_param, _ number: fuse_ino_t, _ node: Catalogue.Node) {
        parameters.ino = number
        parameters.generation = 1
        parameters.attr_timeout = Self.moment
        fill(&parameters.attr, node.entry)
        parameters.attr.st_ino = ino_t(number)
    }

    private func fill(_ attributes: inout stat, _ entry: ViewCatalogueEntry) {
        attributes.st_blksize = 4096
        let time = Int(source.catalogue?.time ?? 0)
        (attributes.st_mtim.tv_sec, attributes.st_ctim.tv_sec, attributes.st_atim.tv_sec) = (time, time, time)
        // Of a directory it says that the subdirectories were not counted.
        attributes.st_nlink = 1
        if case .link(let target) = entry {
            attributes.st_mode = S_IFLNK | 0o777
            attributes.st_size = off_t(target.count)
        } else {
            attributes.st_mode = S_IFDIR | 0o755
            attributes.st_size = 4096
        }
    }

    // MARK: Listings

    func openDirectory(_ request: fuse_req_t, _ number: fuse_ino_t, in catalogue: Catalogue) {
        guard let node = catalogue.node(number) else {
            _ = moss_fuse_reply_directory(request, 0, true)
            return
        }
        do {
            let handle = try catalogue.makeListing(of: node)
            // The kernel says that the opener is gone: no release will come.
            if moss_fuse_reply_directory(request, handle, false) == -ENOENT { catalogue.forgetListing(handle) }
        } catch {
            reply(request, Int32(EIO))
        }
    }

    /// A line of a listing that gives the child no number, so that nothing is made or remembered for it.
    func entryWithoutNode(_ child: Catalogue.Child) -> fuse_entry_param {
        var parameters = fuse_entry_param()
        fill(&parameters.attr, child.entry)
        // Not known yet; some programs take 0 for a name that was removed.
        parameters.attr.st_ino = ino_t(UInt32.max)
        return parameters
    }
}
