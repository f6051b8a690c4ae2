internal import BytePath
internal import LinuxSystem

extension NewRoot {
    /// `/etc`: the host's with a layer over it, or the few files that programs look up users and hosts in.
    func makeConfiguration(_ sources: borrowing HostSources, _ request: SandboxRequest) throws(SandboxError) {
        switch request.configuration {
        case .host:
            try explaining("cannot show /etc") { () throws(SystemError) in
                let host = base.appending("etc")
                try Descriptor.openDirectory(base).makeDirectory("etc")
                try sources.configuration?.attach(to: host)
            }
            try overlay("etc", lower: base.appending("etc"), isKept: request.keep != nil)
            try showMountedFiles()
        case .empty:
            try explaining("cannot make /etc") { () throws(SystemError) in
                let directory = try Descriptor.openDirectory(root.appending("etc"))
                for (name, text) in Self.minimalFiles {
                    try directory.open(name, [.write, .create], mode: 0o644).write(Array(text.utf8))
                }
            }
        }
        if request.sharesNetwork { try copyResolver(isHost: request.configuration == .host) }
    }

    private static let minimalFiles: [(name: BytePath, text: String)] = [
        (
            "passwd",
            "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
        ),
        ("group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"),
        ("hosts", "127.0.0.1 localhost\n::1 localhost\n"),
        ("nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"),
    ]

    /// An overlay does not show what is mounted on its lower layer, which is how containers provide these files.
    private func showMountedFiles() throws(SandboxError) {
        try explaining("cannot show /etc") { () throws(SystemError) in
            let host = try Descriptor.openDirectory(base.appending("etc"))
            let device = try host.status().device
            for name: BytePath in ["resolv.conf", "hosts", "hostname"] {
                guard let status = try host.statusIfPresent(of: name), status.kind == .regular,
                    status.device != device
                else { continue }
                let file = try DetachedMounts(copying: base.appending("etc").appending(name))
                try file.makeReadOnly()
                try file.attach(to: root.appending("etc").appending(name))
            }
        }
    }

    /// The host's name servers, also where `/etc/resolv.conf` is a link to a place in /run that the sandbox lacks.
    private func copyResolver(isHost: Bool) throws(SandboxError) {
        try explaining("cannot copy the name servers") { () throws(SystemError) in
            let etc = try Descriptor.openDirectory("/etc")
            guard let status = try etc.statusIfPresent(of: "resolv.conf"),
                let bytes = try? etc.readFile("resolv.conf", limit: 1 << 20, followingLinks: true)
            else { return }
            let root = try Descriptor.openDirectory(root)
            guard isHost else {
                return try root.open("etc/resolv.conf", [.write, .create], mode: 0o644).write(bytes)
            }
            guard status.kind == .symlink, let target = Self.runtimePath(try etc.readLink("resolv.conf")) else {
                return
            }
            var path: BytePath = "run"
            for component in target.components.dropLast() {
                path = path.appending(BytePath(component))
                try root.ensureDirectory(path)
            }
            path = path.appending(target.lastComponent)
            try root.open(path, [.write, .create, .noFollow], mode: 0o644).write(bytes)
        }
    }

    /// The part below /run of a link target in /etc; nil when it leads elsewhere or through `..`.
    static func runtimePath(_ target: BytePath) -> BytePath? {
        let prefix = ["/run/", "../run/"].map { Array($0.utf8) }.first { target.bytes.starts(with: $0) }
        guard let prefix else { return nil }
        let rest = BytePath(target.bytes.dropFirst(prefix.count))
        let isPlain = rest.components.allSatisfy { !$0.elementsEqual("..".utf8) && !$0.elementsEqual(".".utf8) }
        return isPlain && !rest.components.isEmpty ? rest : nil
    }
}
