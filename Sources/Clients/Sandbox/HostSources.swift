internal import BytePath
internal import LinuxSystem

/// Copies of the host's mounts that will be shown inside, taken before anything of the sandbox is mounted, so that
/// none of them shows the sandbox's own workings.
struct HostSources: ~Copyable {
    let lower: DetachedMounts?
    let keep: DetachedMounts?
    let configuration: DetachedMounts?
    let system: DetachedMounts?
    let binds: [BoundSource]

    /// - Parameter isMachineRoot: may leave out what is mounted below /sys, which is the machine's administration.
    init(_ request: SandboxRequest, isMachineRoot: Bool) throws(SandboxError) {
        var lower: DetachedMounts?
        if case .directory(let path) = request.lower {
            lower = try Self.directory(path, for: "/usr")
        }
        var keep: DetachedMounts?
        if let path = request.keep {
            try explaining("cannot keep changes there") { () throws(SystemError) in
                let directory = try Descriptor.openDirectory(path)
                for name: BytePath in ["usr", "etc", ".work", ".work/usr", ".work/etc"] {
                    try directory.ensureDirectory(name)
                }
            }
            keep = try Self.directory(path, for: "what is kept")
        }
        var configuration: DetachedMounts?
        if request.configuration == .host { configuration = try Self.directory("/etc", for: "/etc") }
        var binds: [BoundSource] = []
        for bind in request.binds { binds.append(try BoundSource(bind)) }
        let system = try? DetachedMounts(copying: "/sys", recursive: !isMachineRoot)
        try explaining("cannot make /sys read-only") { () throws(SystemError) in
            try system?.makeReadOnly()
            if request.isReadOnly { try lower?.makeReadOnly() }
        }
        self.lower = lower
        self.keep = keep
        self.configuration = configuration
        self.system = system
        self.binds = binds
    }

    private static func directory(_ path: BytePath, for use: String) throws(SandboxError) -> DetachedMounts {
        let mounts = try explaining("cannot be used for \(use)") { () throws(SystemError) in
            try DetachedMounts(copying: path)
        }
        let kind = try explaining("cannot be used for \(use)") { () throws(SystemError) in try mounts.status().kind }
        guard kind == .directory else { throw SandboxError(path, "cannot be used for \(use): not a directory") }
        return mounts
    }
}

/// A bind whose source is already copied; a class, because arrays hold no noncopyable values.
final class BoundSource {
    let bind: SandboxRequest.Bind
    private let mounts: DetachedMounts

    init(_ bind: SandboxRequest.Bind) throws(SandboxError) {
        self.bind = bind
        mounts = try explaining("cannot be shown inside") { () throws(SystemError) in
            let mounts = try DetachedMounts(copying: bind.source)
            if bind.isReadOnly { try mounts.makeReadOnly() }
            return mounts
        }
    }

    /// Shows the source at its target below the root of this process, making what is missing on the way there.
    func attach() throws(SandboxError) {
        try explaining("cannot show \(bind.source.display) there") { () throws(SystemError) in
            // Links on the way are followed, one component at a time: this process's root is the sandbox's already.
            var parent = try Descriptor.openDirectory("/")
            let components = bind.target.components
            for component in components.dropLast() {
                try parent.ensureDirectory(BytePath(component))
                parent = try parent.open(BytePath(component), .directory)
            }
            let name = BytePath(components.last ?? [])
            if try mounts.status().kind == .directory {
                try parent.ensureDirectory(name)
            } else if try parent.statusIfPresent(of: name, followingLinks: true) == nil {
                _ = try parent.open(name, [.write, .create])
            }
            try mounts.attach(to: bind.target)
        }
    }
}
