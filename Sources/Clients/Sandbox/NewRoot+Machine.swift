internal import BytePath
internal import LinuxSystem

/// What in `/proc` is the machine's: for a root of the machine it is there to be read, if for everybody.
extension NewRoot {
    /// Tells of the kernel's memory and keys, and of processes outside.
    private static let hidden: Set<BytePath> = [
        "acpi", "asound", "kallsyms", "kcore", "key-users", "keys", "latency_stats", "sched_debug", "scsi",
        "timer_list", "timer_stats",
    ]

    /// Makes everything in `/proc` but the processes read-only, and hides what only root may read.
    func guardMachine() throws(SandboxError) {
        try explaining("cannot protect /proc") { () throws(SystemError) in
            let top = try Descriptor.openDirectory(base)
            try top.makeDirectory("nothing", mode: 0o555)
            _ = try top.open("empty", [.write, .create, .exclusive], mode: 0o444)
            let place = root.appending("proc")
            let proc = try Descriptor.openDirectory(place)
            for name in try proc.entries().map(\.name) where !name.bytes.allSatisfy({ (48...57).contains($0) }) {
                guard let status = try proc.statusIfPresent(of: name) else { continue }
                let isWritable = status.permissions & 0o222 != 0
                let isSecret = status.permissions & 0o004 == 0 && !isWritable
                switch status.kind {
                case .directory:
                    try cover(place.appending(name), by: Self.hidden.contains(name) ? base.appending("nothing") : nil)
                case .regular where Self.hidden.contains(name) || isSecret:
                    try cover(place.appending(name), by: base.appending("empty"))
                case .regular where isWritable: try cover(place.appending(name), by: nil)
                default: continue
                }
            }
        }
    }

    /// Shows a file or directory read-only, or another one in its place.
    private func cover(_ place: BytePath, by other: BytePath?) throws(SystemError) {
        let mount = try DetachedMounts(copying: other ?? place)
        try mount.makeReadOnly()
        try mount.attach(to: place)
    }
}
