internal import BytePath
internal import LinuxSystem

/// Takes this process out of the caller's namespaces.
struct Isolation {
    /// Whether the sandbox's root is the machine's, and not an ordinary user under another name.
    let isMachineRoot: Bool
    /// Whether the sandbox's root has no namespace of users of its own, and so would have rights over the machine, or
    /// over the container that this is.
    let sharesUsers: Bool

    /// Enters new namespaces for mounts, IPC, the machine's name and, if asked for, network and users. The process
    /// namespace comes later, since the provider stays outside.
    init(_ request: SandboxRequest) throws(SandboxError) {
        let uid = CurrentProcess.effectiveUser
        let gid = CurrentProcess.effectiveGroup
        let needsUserNamespace = uid != 0 || !CurrentProcess.isSystemAdministrator
        isMachineRoot = !needsUserNamespace && Namespaces.isFirstOfUsers
        sharesUsers = !needsUserNamespace
        var kinds: Namespaces.Kinds = [.mounts, .messages, .name]
        if needsUserNamespace { kinds.insert(.users) }
        if !request.sharesNetwork { kinds.insert(.network) }
        let advice = needsUserNamespace ? Self.userNamespaceAdvice() : "run as root of the machine, not of a container"
        try explaining("cannot make namespaces", advice: advice) { () throws(SystemError) in
            try Namespaces.leave(kinds)
            if needsUserNamespace { try Namespaces.mapRoot(uid: uid, gid: gid) }
            try Mounts.makeAllPrivate()
            if !request.sharesNetwork { try Namespaces.raiseLoopback() }
        }
    }

    /// Which of the kernel's switches forbids user namespaces, as far as they can be read.
    private static func userNamespaceAdvice() -> String {
        let switches: [(path: BytePath, forbidden: String, name: String, allowed: String)] = [
            ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone", "1"),
            ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns", "0"),
            ("user/max_user_namespaces", "0", "user.max_user_namespaces", "10000"),
        ]
        guard let settings = try? Descriptor.openDirectory("/proc/sys") else {
            return "mount /proc first, or run as root"
        }
        for item in switches {
            guard let bytes = try? settings.readFile(item.path) else { continue }
            if bytes.prefix(while: { $0 != 10 }).elementsEqual(item.forbidden.utf8) {
                return "ordinary users may not make user namespaces here: set the sysctl \(item.name) to "
                    + "\(item.allowed), or run as root"
            }
        }
        return "user namespaces seem to be forbidden here; run as root, or outside the container"
    }
}
