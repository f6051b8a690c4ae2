import BytePath
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// What moss makes has the owners and modes that moss says, whatever the directory it is made in, and the mode mask and
/// the group of whoever runs it, would make of it.
struct MaskTests {
    private static let directories: [(name: String, preparation: String)] = [
        ("plain", "umask 022"), ("no rights at all", "umask 0777"), ("no mask", "umask 0"),
        ("set-group-id", "umask 077; chgrp 100 .; chmod 2775 ."),
        ("default access list", "umask 027; setfacl -d -m u:1:rwx,g:2:rwx,o::---,m::rwx ."),
        ("another group", "umask 022; exec setpriv --regid 100 --clear-groups"),
    ]

    private static func package(_ name: String) -> SamplePackage {
        var package = SamplePackage(name: name)
        package.add(file: BytePath("bin/\(name)"), Array(name.utf8), mode: 0o755)
        package.add(file: BytePath("share/\(name)/empty"), [])
        package.add(file: BytePath("share/\(name)/set"), Array("\(name) set".utf8), mode: 0o4755, uid: 0, gid: 5)
        package.add(link: BytePath("share/\(name)/link"), to: "empty")
        package.add(LayoutEntry(path: BytePath("share/group"), kind: .directory, mode: 0o042775, gid: 50))
        package.add(LayoutEntry(path: BytePath("share/group/\(name)"), kind: .directory, mode: 0o040755))
        package.add(file: BytePath("share/group/\(name)/x/empty"), [])
        package.add(file: BytePath("share/group/\(name)-empty"), [])
        package.add(link: BytePath("share/group/\(name)-link"), to: "x")
        return package
    }

    /// Paths, modes and owners of everything in a directory that has not a name of its own each time.
    private func modes(_ directory: BytePath) throws -> [String] {
        try TreeListing(of: directory).entries.filter { entry in
            let path = entry.path.display
            return !path.hasPrefix("root/.moss/trees/") && !path.contains("lock") && entry.path != ""
        }.map { "\($0.path.display) \($0.kind) \(String($0.mode, radix: 8)) \($0.uid):\($0.gid)" }
    }

    private static let script = """
        set -e; d=$1; moss=$2; export MOSS_BACKGROUND=off
        run() { "$moss" -D "$d/root" -y "$@" >"$d/../out" 2>&1 || { cat "$d/../out"; exit 1; }; }
        run init; run repo add c "$d/../stones"; run install a; run install b; run tidy; run install c; run state pin 1 first
        run fetch a -o "$d"; run extract "$d/../stones/"a-*.stone -o "$d"; run mount --list; run gc; run state verify
        """

    @Test(.needsRoot) func theSameEverywhere() throws {
        var expected: [String]?
        for (name, preparation) in Self.directories {
            try withScratchDirectory { scratch in
                let top = try Descriptor.openDirectory(scratch)
                try top.makeDirectory("stones")
                try top.makeDirectory("place")
                for name in ["a", "b", "c"] {
                    let package = Self.package(name)
                    try top.replaceFile(
                        BytePath("stones/\(package.metadata.stoneFileName)"), with: package.stone())
                }
                try Command(BuiltProduct.moss.path, ["index", scratch.appending("stones")]).runSuccessfully()
                try top.replaceFile("script", with: Array(Self.script.utf8))
                let start = "\(preparation)\(preparation.contains("exec") ? "" : "; exec") bash \"$0\" \"$@\""
                var command = try Command(
                    "bash",
                    [
                        "-c", BytePath(start), scratch.appending("script"), scratch.appending("place"),
                        BuiltProduct.moss.path,
                    ])
                command.directory = scratch.appending("place")
                let result = try command.run()
                try #require(result.end == .exited(0), "\(name): \(result.outputText) \(result.errorText)")
                let found = try modes(scratch.appending("place"))
                if let expected {
                    let (left, right) = (Set(found).subtracting(expected), Set(expected).subtracting(found))
                    #expect(left.isEmpty && right.isEmpty, "\(name): \(left.sorted()) for \(right.sorted())")
                } else {
                    expected = found
                    #expect(found.contains("root/usr/share/group directory 2775 0:50"), "\(found)")
                    #expect(found.contains("root/usr/share/group/c directory 755 0:0"), "\(found)")
                }
                let lists = try Command("getfacl", ["-Rcps", scratch.appending("place/root")]).runSuccessfully()
                #expect(lists.outputText.isEmpty, "\(name): \(lists.outputText.prefix(500))")
            }
        }
    }
}
