import BytePath
import Glibc
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// Debian packages from `.deb` to a running `/usr` and through all that can happen to it.
///
/// Of a handful of packages made here; with `MOSS_DEBS=DIR` of those in the directory. With `tools/test --long` of more
/// than 300 real ones, which are downloaded once.
@Suite("Debian packages, end to end", .serialized)
struct DebianCorpusTests {
    @Test("packages of MOSS_DEBS, or a few made here, live through every kind of change")
    func life() throws {
        if let named = getenv("MOSS_DEBS") {
            try roomy { try live(debs(in: BytePath(String(cString: named))), in: $0) }
        } else {
            try withScratchDirectory { try live(sampleDebs(in: $0), in: $0) }
        }
    }

    @Test("more than 300 real packages do so too", .long, .enabled(if: getenv("MOSS_DEBS") == nil, "MOSS_DEBS is set"))
    func longLife() throws {
        let directory = packageRoot.appending(".build/debs")
        var fetch = Command(packageRoot.appending("tools/fetch-debs"), [directory] + Self.manyPackages)
        fetch.timeoutSeconds = 1800
        let result = try fetch.run()
        guard result.exitCode == 0 else {
            print("skipped: the packages could not be downloaded: \(result.errorText)")
            return
        }
        let debs = try debs(in: directory)
        #expect(debs.count >= 300)
        try roomy { try live(debs, in: $0) }
    }

    /// With all they need about 330 packages with 60,000 paths.
    private static let manyPackages: [BytePath] = [
        "?essential", "adduser", "build-essential", "clang", "cmake", "curl", "gdb", "git", "htop", "imagemagick",
        "nano", "nodejs", "openssh-client", "php-cli", "postgresql-client", "procps", "psmisc", "python3", "rsync",
        "ruby", "strace", "texlive-base", "tmux", "vim", "xz-utils",
    ]

    private func live(_ debs: [BytePath], in scratch: BytePath) throws {
        let clock = ContinuousClock()
        var mark = clock.now
        func lap(_ what: String) {
            print("\(debs.count) packages: \(what) in \(mark.duration(to: clock.now))")
            mark = clock.now
        }

        let corpus = try DebianCorpus(converting: debs, in: scratch)
        lap("converted and indexed")
        let all = try corpus.index().map(\.name)
        #expect(all.count == debs.count)
        let leaves = try corpus.leaves().map(\.name)
        try #require(leaves.count >= 3)
        let (extra, changed, withdrawn) = (leaves[0], leaves[1], leaves[2])

        let moss = try MossProgram(making: scratch.appending("root"))
        try moss.run("repo", "add", "debian", corpus.collection)
        try moss.run("install", named: all.filter { $0 != extra })
        lap("installed in one transaction")
        try moss.expectLive(1)
        #expect(try Set(moss.installed().keys) == Set(all.filter { $0 != extra }))
        lap("compared")
        if geteuid() == 0 {
            try moss.expectShown(1)
            lap("shown and compared")
        }

        try moss.run("install", named: [extra])
        lap("\(extra) added")
        try moss.expectLive(2)
        #expect(try moss.installed().count == all.count)
        try moss.run("remove", named: [extra])
        try moss.expectLive(3)
        #expect(try moss.installed()[extra] == nil)
        lap("compared, \(extra) removed, compared")

        let file: BytePath = "usr/share/doc/what-is-new"
        let renewed = try corpus.change(adding: file, to: changed, withdrawing: withdrawn)
        lap("collection changed")
        try moss.run("sync", "--update")
        lap("\(renewed.count) packages synced")
        try moss.expectLive(4)
        let installed = try moss.installed()
        for name in renewed where name != extra { #expect(installed[name]?.hasSuffix("-2") == true, "\(name)") }
        #expect(installed[withdrawn]?.hasSuffix("-1") == true)
        #expect(TestFiles.bytes(of: moss.root.appending(file).display) == Array("new\n".utf8))

        try moss.run("state", "activate", "1")
        try moss.expectLive(1)
        #expect(TestFiles.bytes(of: moss.root.appending(file).display) == nil)
        try moss.run("state", "activate", "4")
        try moss.expectLive(4)
        lap("compared, state 1 and state 4 activated and compared")
    }

    /// A journaled file system of its own for corpora that need gigabytes, where one can be mounted.
    private func roomy(_ body: (BytePath) throws -> Void) throws {
        if let obstacle = LoopFileSystem.obstacle {
            print("no file system of its own: \(obstacle)")
            try withScratchDirectory(body)
        } else {
            try LoopFileSystem(sizeMiB: 16 << 10).mounted(body)
        }
    }

    private func debs(in directory: BytePath) throws -> [BytePath] {
        let names = try #require(TestFiles.names(in: directory.display, suffix: ".deb"), "no \(directory.display)")
        return names.map { directory.appending(BytePath($0)) }
    }

    /// A base that all need, a library, and programs; links, an empty file, a setuid file, /etc and /lib.
    private func sampleDebs(in scratch: BytePath) throws -> [BytePath] {
        let script = """
            umask 022  # tests in this process set their own
            control() {
                mkdir -p $1/DEBIAN $1/usr/bin $1/usr/share/doc/$1
                printf 'Package: %s\\nVersion: 1.0-1\\nArchitecture: amd64\\nMaintainer: N <n@example.org>\\n' $1
                [ -z "$2" ] || printf 'Depends: %s\\n' "$2"
                printf 'Description: %s\\n' $1
            }
            mkdir debs
            for name in base library one two three four; do
                mkdir $name
                depends=
                case $name in library) depends=base ;; base) ;; *) depends='library (>= 1), base | nothing' ;; esac
                control $name "$depends" > $name.control
                mv $name.control $name/DEBIAN/control
                echo "$name program" > $name/usr/bin/$name
                chmod 755 $name/usr/bin/$name
                ln -s $name $name/usr/bin/$name-alias
                : > $name/usr/share/doc/$name/empty
                echo "the same in all" > $name/usr/share/doc/$name/copyright
            done
            mkdir -p base/etc library/lib/x86_64-linux-gnu one/usr/share/one/a/b/c
            echo 'ID=tour' > base/etc/configuration
            echo library > library/lib/x86_64-linux-gnu/libsample.so.1
            chmod 4755 two/usr/bin/two
            for name in base library one two three four; do
                dpkg-deb --root-owner-group --build $name debs/${name}_1.0-1_amd64.deb
            done
            """
        try Command("sh", ["-ec", BytePath(script)], in: scratch).runSuccessfully()
        return try debs(in: scratch.appending("debs"))
    }
}
