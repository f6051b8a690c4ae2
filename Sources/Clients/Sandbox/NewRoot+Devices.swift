internal import BytePath
internal import LinuxSystem

extension NewRoot {
    /// The few devices that programs expect, and terminals of the sandbox's own.
    func makeDevices() throws(SandboxError) {
        try explaining("cannot make /dev") { () throws(SystemError) in
            let path = root.appending("dev")
            let directory = try Descriptor.openDirectory(path)
            for name: BytePath in ["null", "zero", "full", "random", "urandom", "tty"] {
                try show(BytePath("/dev").appending(name), as: name, directory, path)
            }
            for (name, target): (BytePath, BytePath) in [
                ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
                ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx"),
            ] {
                try directory.makeSymlink(name, to: target)
            }
            try directory.makeDirectory("shm", mode: 0o1777)
            try directory.makeDirectory("pts")
            // A user namespace may not know the group of terminals.
            let group = isMachineRoot ? ",gid=5" : ""
            try Mounts.mount(
                "devpts", on: path.appending("pts"), [.noSetuid, .noExecution],
                options: BytePath("newinstance,ptmxmode=0666,mode=0620\(group)"))
        }
    }

    /// A terminal of the sandbox's own, where the caller has one; nobody inside gets at the caller's.
    func makeTerminal() throws(SandboxError) -> PseudoTerminal? {
        try explaining("cannot make a terminal") { () throws(SystemError) in
            let path = root.appending("dev")
            guard let terminal = try PseudoTerminal(from: path.appending("pts/ptmx")) else { return nil }
            _ = try Descriptor.openDirectory(path).open("console", [.write, .create, .exclusive], mode: 0o666)
            try Mounts.bind(path.appending("pts/\(terminal.number)"), to: path.appending("console"))
            return terminal
        }
    }

    /// A device node of the host; left out where the host has none.
    private func show(
        _ source: BytePath, as name: BytePath, _ directory: borrowing Descriptor, _ path: BytePath
    ) throws(SystemError) {
        guard try directory.statusIfPresent(of: source, followingLinks: true)?.kind == .characterDevice else { return }
        _ = try directory.open(name, [.write, .create, .exclusive], mode: 0o666)
        try Mounts.bind(source, to: path.appending(name))
    }
}
