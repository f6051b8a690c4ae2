internal import CFuse
internal import ViewImage

/// The session a request belongs to.
private func session(_ request: fuse_req_t) -> ViewSession {
    // Given to libfuse with the session, and retained for as long as requests come.
    Unmanaged<ViewSession>.fromOpaque(fuse_req_userdata(request)).takeUnretainedValue()
}

/// What the kernel may assume of a file system that never changes.
private func prepare(_ connection: inout fuse_conn_info) {
    let unwanted = UInt32(FUSE_CAP_AUTO_INVAL_DATA) | UInt32(FUSE_CAP_READDIRPLUS_AUTO)
    connection.want &= ~unwanted
    let wanted =
        UInt32(FUSE_CAP_CACHE_SYMLINKS) | UInt32(FUSE_CAP_EXPLICIT_INVAL_DATA) | UInt32(FUSE_CAP_READDIRPLUS)
        | UInt32(FUSE_CAP_PARALLEL_DIROPS) | UInt32(FUSE_CAP_ASYNC_READ)
    connection.want |= wanted & connection.capable
    connection.max_background = 64
    connection.time_gran = 1
}

extension fuse_lowlevel_ops {
    /// Every operation that a view answers, handed to the request's session; libfuse refuses the others.
    static var ofViews: fuse_lowlevel_ops {
        var operations = fuse_lowlevel_ops()
        operations.`init` = { _, connection in
            if let connection { prepare(&connection.pointee) }
        }
        operations.lookup = { request, parent, name in
            guard let request, let name else { return }
            session(request).lookUp(request, parent, name)
        }
        operations.forget = { request, _, _ in fuse_reply_none(request) }
        operations.forget_multi = { request, _, _ in fuse_reply_none(request) }
        operations.getattr = { request, node, _ in
            guard let request else { return }
            session(request).getAttributes(request, node)
        }
        operations.readlink = { request, node in
            guard let request else { return }
            session(request).readLink(request, node)
        }
        operations.statfs = { request, node in
            guard let request else { return }
            session(request).fileSystemStatus(request, node)
        }
        operations.getxattr = { request, node, name, size in
            guard let request, let name else { return }
            session(request).getAttribute(request, node, name, size)
        }
        operations.listxattr = { request, node, size in
            guard let request else { return }
            session(request).listAttributes(request, node, size)
        }
        addDirectories(to: &operations)
        addFiles(to: &operations)
        return operations
    }

    private static func addDirectories(to operations: inout fuse_lowlevel_ops) {
        operations.opendir = { request, node, _ in
            guard let request else { return }
            session(request).openDirectory(request, node)
        }
        operations.releasedir = { request, _, information in
            guard let request, let information else { return }
            session(request).releaseDirectory(request, information)
        }
        operations.readdir = { request, node, size, offset, information in
            guard let request, let information else { return }
            session(request).readDirectory(request, node, size, offset, information, withAttributes: false)
        }
        operations.readdirplus = { request, node, size, offset, information in
            guard let request, let information else { return }
            session(request).readDirectory(request, node, size, offset, information, withAttributes: true)
        }
    }

    private static func addFiles(to operations: inout fuse_lowlevel_ops) {
        operations.open = { request, node, information in
            guard let request, let information else { return }
            session(request).open(request, node, information)
        }
        operations.release = { request, node, information in
            guard let request, let information else { return }
            session(request).release(request, node, information)
        }
        operations.read = { request, node, size, offset, _ in
            guard let request else { return }
            session(request).read(request, node, size, offset)
        }
    }
}
