import BytePath
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// Programs of the host that run from a view: a shell, python3 and libraries that are mapped.
@Suite(.needsRoot, .enabled(if: TestFiles.bytes(of: "/usr/bin/python3") != nil, "skipped: there is no python3"))
struct ViewProgramTests {
    /// A root with bash, coreutils and python3 of the host with all libraries they ask for.
    private func withRoot(_ body: (ViewFixture) throws -> Void) throws {
        let paths = try Self.programs()
        try ViewFixture.run {
            try $0.publish("programs") { package in
                if let python = paths.first(where: { $0.0.bytes.starts(with: "bin/python3.".utf8) }) {
                    package.add(link: "bin/python3", to: python.0.lastComponent)
                }
                for (path, target) in paths {
                    let bytes = try? Descriptor.open(target).readAll()
                    package.add(file: path, bytes ?? [], mode: 0o755)
                }
            }
        } _: { fixture in
            try fixture.moss.succeed("install", "-y", "programs")
            try body(fixture)
        }
    }

    /// What they need: paths below usr, and the host's files without links.
    private static func programs() throws -> [(BytePath, BytePath)] {
        let script: BytePath = """
            set -eu
            { for tool in bash cat ls env; do readlink -f "$(command -v $tool)"; done
              readlink -f /usr/bin/python3
              # The modules that the program imports.
              /usr/bin/python3 -S -c "$1
            for module in list(sys.modules.values()):
                if getattr(module, '__file__', None): print(module.__file__)" | grep ^/; } >files
            while read -r file; do ldd "$file" 2>/dev/null || true; done <files |
                sed -n 's/.*=> \\(\\/[^ ]*\\).*/\\1/p; s/^[[:space:]]*\\(\\/[^ ]*\\) (.*/\\1/p' >>files
            sort -u files | while read -r file; do
                below=${file#/}; printf '%s\\t%s\\n' "${below#usr/}" "$(readlink -f "$file")"
            done
            """
        return try withScratchDirectory(inMemory: true) { scratch in
            try Command("bash", ["-c", script, "bash", BytePath(program)], in: scratch).runSuccessfully().outputText
                .split(separator: "\n").map {
                    let fields = $0.split(separator: "\t")
                    return (BytePath(String(fields[0])), BytePath(String(fields[fields.count - 1])))
                }
        }
    }

    private static let program = """
        import ctypes, json, mmap, sys, zlib, _hashlib
        libc = ctypes.CDLL('libc.so.6')
        with open(sys.executable, 'rb') as file:
            mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
            assert mapped[:4] == b'\\x7fELF' and mapped[:] == file.read()
        maps = [line.split()[-1] for line in open('/proc/self/maps')]
        # What stands before is left out where an overlay is between.
        assert sum('/lib/' in path for path in maps) > 3, maps
        print(json.dumps({'moss': zlib.crc32(b'moss'), 'process': libc.getpid() > 0}))
        """

    private static let output = "{\"moss\": 1721595500, \"process\": true}\n"

    @Test(arguments: ["auto", "cached"])
    func theyRunInTheCandidate(reading: String) throws {
        try withRoot { fixture in
            for words: [BytePath] in [["--state", "1"], ["install", "programs"]] {
                let shell: BytePath = "for i in 1 2 3; do python3 -S -c \"$1\" || exit; done; echo $BASH; exit 7"
                let options = ["try", "--reading", BytePath(reading)] + words
                let result = try fixture.moss.command(
                    options + ["--", "bash", "-c", shell, "bash", BytePath(Self.program)]
                ).run()
                #expect(result.end == .exited(7), "\(result.errorText)")
                let lines = String(repeating: Self.output, count: 3)
                #expect(result.outputText == lines + "/usr/bin/bash\n", "\(result.errorText)")
            }
        }
    }

    @Test func theyRunForAnOrdinaryUser() throws {
        try withRoot { fixture in
            try Descriptor.open(fixture.moss.scratch.appending("program.py"), [.write, .create])
                .write(Array(Self.program.utf8))
            let script: BytePath = """
                cd /; $MOSS try --state 1 -- python3 -S -c "$(cat $ROOT/../program.py)"
                """
            let result = try fixture.run(as: .helper, script)
            #expect(result.end == .exited(0) && result.outputText == Self.output, "\(result.errorText)")
        }
    }

    @Test(arguments: ["auto", "passthrough", "cached"])
    func theyRunByChangingTheRoot(reading: String) throws {
        try withRoot { fixture in
            try fixture.mounted("1", reading: reading) { place in
                let script: BytePath = """
                    set -eu; mkdir "$1"; cd "$1"; mkdir usr proc; ln -s usr/bin usr/lib usr/lib64 .
                    mount --bind "$2" usr; mount -t proc proc proc
                    chroot . bash -c 'python3 -S -c "$1"; : $(ls -lR /usr; cat /usr/lib/python3*/*.py)' \\
                        bash "$3"
                    """
                let root = fixture.moss.scratch.appending("chroot")
                let result = try Command(
                    "unshare",
                    ["--mount", "--propagation", "private", "bash", "-c", script, "bash", root, place]
                        + [BytePath(Self.program)]
                ).run()
                #expect(result.end == .exited(0) && result.outputText == Self.output, "\(result.errorText)")
                let requests = try fixture.requests()
                #expect(requests["failures"] == nil)
                if reading == "passthrough" { #expect(requests["read"] == nil) }
            }
        }
    }
}
