import BytePath
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// Extended attributes of views: what is listed can be read, by whoever lists it, and nothing else is there.
@Suite(.needsRoot, .enabled(if: TestFiles.bytes(of: "/usr/bin/python3") != nil, "skipped: there is no python3"))
struct ViewAttributeTests {
    /// Prints every attribute of every entry below `sys.argv[1]`, and what is wrong about them.
    private static let script = """
        import errno, ctypes, os, sys
        libc = ctypes.CDLL(None, use_errno=True)
        for where, directories, files in os.walk(sys.argv[1]):
            for path in [where] + [os.path.join(where, name) for name in directories + files]:
                names = os.listxattr(path, follow_symlinks=False)
                size = libc.llistxattr(os.fsencode(path), None, 0)
                if size != sum(len(name) + 1 for name in names): print('WRONG size of list', path)
                if names and libc.llistxattr(os.fsencode(path), ctypes.create_string_buffer(size), size - 1) != -1:
                    print('WRONG list in too little room', path)
                for name in ['user.moss.state', 'user.moss.digest', 'user.moss.other', 'user.other', 'trusted.x',
                             'security.capability', 'system.posix_acl_access']:
                    try:
                        os.getxattr(path, name, follow_symlinks=False)
                        if name not in names: print('WRONG not listed', path, name)
                    except OSError as error:
                        if name in names: print('WRONG', path, name, error)
                for name in names:
                    try: value = os.getxattr(path, name, follow_symlinks=False)
                    except OSError as error:
                        print('WRONG', path, name, error)
                        continue
                    print(os.path.relpath(path, sys.argv[1]), name)
                    file, key = os.fsencode(path), os.fsencode(name)
                    if name == 'user.moss.statistics': continue
                    if libc.lgetxattr(file, key, None, 0) != len(value): print('WRONG size', path, name)
                    # No room at all is the question for the size.
                    if len(value) < 2: continue
                    room = ctypes.create_string_buffer(len(value))
                    if libc.lgetxattr(file, key, room, len(value) - 1) != -1 or ctypes.get_errno() != errno.ERANGE:
                        print('WRONG value in too little room', path, name)
        """

    private func check(_ place: BytePath, asNobody: Bool) throws -> [String] {
        let words: [BytePath] = ["/usr/bin/python3", "-c", BytePath(Self.script), place]
        let nobody: [BytePath] = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        let command = asNobody ? nobody + words : words
        let text = try Command(command[0], Array(command.dropFirst())).runSuccessfully().outputText
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.filter { $0.hasPrefix("WRONG") } == [])
        return lines
    }

    @Test func whatIsListedCanBeRead() throws {
        try ViewFixture.run {
            try $0.publish("kinds") { package in
                package.add(file: "share/kinds/file", Array("content".utf8))
                package.add(file: "share/kinds/empty", [])
                package.add(file: "share/kinds/secret", Array("secret".utf8), mode: 0o600)
                package.add(link: "share/kinds/link", to: "file")
                package.add(link: "share/kinds/dangling", to: "nowhere")
            }
            try $0.publish("more")
        } _: { fixture in
            try fixture.moss.succeed("install", "-y", "kinds")
            try Command("chmod", ["755", fixture.moss.scratch]).runSuccessfully()
            for subject: [BytePath] in [["1"], ["--candidate", "install more"], ["--all"]] {
                try fixture.mount(subject)
                let prefix = subject == ["--all"] ? "states/1/usr/" : ""
                for asNobody in [false, true] {
                    let lines = try check(fixture.place, asNobody: asNobody)
                    let attributes = ["state", "package", "version", "digest"].map { "user.moss.\($0)" }
                    for file in ["file", "empty"] {
                        for name in attributes { #expect(lines.contains("\(prefix)share/kinds/\(file) \(name)")) }
                    }
                    #expect(lines.contains("\(prefix)share/kinds user.moss.state"))
                    #expect(lines.contains("\(prefix)share/kinds/secret user.moss.state") == !asNobody)
                    #expect(!lines.contains { $0.contains("/link ") || $0.contains("/dangling ") })
                }
                try fixture.moss.succeed("umount", fixture.place)
            }
        }
    }
}
