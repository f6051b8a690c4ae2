internal import BytePath
internal import LinuxSystem

/// The sandbox's root directory, being built on a file system in memory.
///
/// That file system holds `lower`, where a provider mounts; `layers`, the throw-away upper layers; `keep`, where a
/// directory of the host takes their place; and `root`, which becomes `/`.
struct NewRoot {
    /// Directories to hide below the sandbox's file system while it is built: ones that nobody can have files in come
    /// first, as the provider sees the host's files with this one missing.
    private static let places: [BytePath] = ["/proc/tty/ldisc", "/mnt", "/media", "/tmp"]

    let base: BytePath
    let isMachineRoot: Bool

    var lower: BytePath { base.appending("lower") }
    var root: BytePath { base.appending("root") }

    /// Mounts the file system and makes its first directories.
    init(isMachineRoot: Bool) throws(SandboxError) {
        self.isMachineRoot = isMachineRoot
        let present = Self.places.first { (try? Descriptor.openDirectory($0)) != nil }
        guard let place = present else {
            throw SandboxError("/mnt", "there is no directory to build the sandbox on", advice: "make it")
        }
        base = place
        try explaining("cannot make the sandbox's root") { [base, root] () throws(SystemError) in
            try Mounts.mount("tmpfs", on: base, [.noSetuid, .noDevices], options: "mode=0755")
            let directory = try Descriptor.openDirectory(base)
            for name: BytePath in ["lower", "keep", "layers", "root"] { try directory.makeDirectory(name) }
            // The root of a mount namespace has to be a mount, and what is mounted in it has to be on that mount.
            try Mounts.bind(root, to: root)
        }
    }

    /// Everything but `/usr` and what is copied from the host; needs no answer of the provider.
    func makeDirectories() throws(SandboxError) {
        try explaining("cannot make the sandbox's directories") { () throws(SystemError) in
            let root = try Descriptor.openDirectory(root)
            for name: BytePath in ["usr", "etc", "proc", "dev", "sys", "run", "var"] { try root.makeDirectory(name) }
            try root.makeDirectory("root", mode: 0o700)
            for name: BytePath in ["tmp", "var/tmp"] { try root.makeDirectory(name, mode: 0o1777) }
            try root.makeSymlink("var/run", to: "/run")
        }
    }

    func showSystem(_ sources: borrowing HostSources) throws(SandboxError) {
        try explaining("cannot show /sys") { () throws(SystemError) in
            try sources.system?.attach(to: root.appending("sys"))
        }
    }

    /// Puts `/usr` together from the lower tree, which is mounted at ``lower`` by a provider or a directory of the host.
    func makeUsr(_ sources: borrowing HostSources, _ request: SandboxRequest) throws(SandboxError) {
        let usr = root.appending("usr")
        try explaining("cannot make /usr") { () throws(SystemError) in
            if request.isReadOnly, case .provider = request.lower {
                let view = try DetachedMounts(copying: lower)
                try view.makeReadOnly()
                try view.attach(to: usr)
            } else {
                try sources.lower?.attach(to: request.isReadOnly ? usr : lower)
            }
        }
        if !request.isReadOnly {
            try overlay("usr", lower: lower, isKept: request.keep != nil)
        }
        try makeLinks()
    }

    /// The host's directory for kept changes takes its place; it must come before the overlays.
    func attachKeep(_ sources: borrowing HostSources) throws(SandboxError) {
        try explaining("cannot keep changes") { () throws(SystemError) in
            try sources.keep?.attach(to: base.appending("keep"))
        }
    }

    /// Mounts an overlay on directory `name` of the root.
    ///
    /// Directory renames, metadata-only copies and the inode index stay off: the upper layer then is complete in
    /// itself, can be read by ``OverlayChanges``, and asks nothing of the lower file system.
    func overlay(_ name: BytePath, lower: BytePath, isKept: Bool) throws(SandboxError) {
        let upper = isKept ? base.appending("keep").appending(name) : base.appending("layers").appending(name)
        let work =
            isKept
            ? base.appending("keep/.work").appending(name)
            : base.appending("layers").appending(BytePath(bytes: name.bytes + ".work".utf8))
        var options = "lowerdir=\(lower.display),upperdir=\(upper.display),workdir=\(work.display)"
        // "nofollow" is the "off" that attributes of ordinary users allow.
        options +=
            ",metacopy=off,index=off" + (isMachineRoot ? ",redirect_dir=off" : ",userxattr,redirect_dir=nofollow")
        if !isKept { options += ",volatile" }
        let advice =
            isKept
            ? "the file system of the directory to keep may not be fit for an overlay; try another"
            : "the kernel's log (dmesg) may say more"
        try explaining("cannot make a writable /\(name.display)", advice: advice) { () throws(SystemError) in
            if !isKept {
                let base = try Descriptor.openDirectory(base)
                for path in [upper, work] { try base.makeDirectory(path) }
            }
            try Mounts.mount("overlay", on: root.appending(name), .noDevices, options: BytePath(options))
        }
    }

    /// The top-level names that lead into `/usr`; those whose directory the candidate has.
    private func makeLinks() throws(SandboxError) {
        try explaining("cannot make the links into /usr") { () throws(SystemError) in
            let root = try Descriptor.openDirectory(root)
            let usr = try root.openDirectory("usr")
            for name: BytePath in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"]
            where try usr.statusIfPresent(of: name, followingLinks: true)?.kind == .directory {
                try root.makeSymlink(name, to: BytePath("usr").appending(name))
            }
            // Programs name their loader in /lib64 also where all libraries are in lib.
            if try root.statusIfPresent(of: "lib64") == nil, try root.statusIfPresent(of: "lib") != nil {
                try root.makeSymlink("lib64", to: "usr/lib")
            }
        }
    }

    /// Makes the new root this process's, and the host's unreachable.
    func enter() throws(SandboxError) {
        try explaining("cannot enter the sandbox's root") { () throws(SystemError) in
            try CurrentProcess.changeDirectory(to: root)
            // With both names the same, the old root comes to lie on the new one, where detaching finds it.
            try Mounts.pivotRoot(to: ".", oldRoot: ".")
            try Mounts.detach(".")
            try CurrentProcess.changeDirectory(to: "/")
        }
    }
}
