import BytePath
import DebianImport
import Digests
import PackageModel
import StoneFormat
import TestSupport

/// Makes .debs in a scratch directory with dpkg-deb, converts them and reads the stones back.
struct DebianFixture {
    let directory: BytePath

    var debs: BytePath { directory.appending("debs") }
    var stones: BytePath { directory.appending("stones") }

    static func run(_ body: (DebianFixture) throws -> Void) throws {
        try withScratchDirectory { try body(DebianFixture(directory: $0)) }
    }

    /// Builds NAME.deb from control fields and a shell script that fills the tree it starts in.
    @discardableResult
    func deb(
        _ name: String, version: String = "1.0-1", architecture: String = "amd64", fields: String = "",
        script: String = ":", file: String? = nil
    ) throws -> BytePath {
        let tree = directory.appending("tree")
        let deb = debs.appending("\(file ?? name).deb")
        let control = """
            Package: \(name)
            Version: \(version)
            Architecture: \(architecture)
            Maintainer: Nobody <nobody@example.org>
            Description: short text of \(name)
             First line.
             .
               Indented line.
            \(fields)
            """
        let lines = control.split(separator: "\n").joined(separator: "\n") + "\n"
        let script = """
            set -e
            umask 022  # tests in this process set their own
            umask 022
            rm -rf "$1"
            mkdir -p "$1/DEBIAN" "$2"
            cat > "$1/DEBIAN/control"
            cd "$1"
            \(script)
            dpkg-deb --root-owner-group -Zgzip --build . "$3" > /dev/null
            """
        var command = Command("sh", ["-c", BytePath(script), "sh", tree, debs, deb])
        command.input = Array(lines.utf8)
        try command.runSuccessfully()
        return deb
    }

    struct Stone {
        let metadata: PackageMetadata
        let layout: [BytePath: LayoutEntry]

        func text(_ keyPath: KeyPath<PackageMetadata, [Capability]>) -> [String] {
            metadata[keyPath: keyPath].map(\.text)
        }
    }

    /// Converts all .debs made so far.
    func convert(level: Int = 1, jobs: Int = 2) throws -> ConversionReport {
        try DebianImport(.init(output: stones, level: level, jobs: jobs)).convert([debs])
    }

    /// The stone of that name as it is on disk.
    func stone(_ name: String, in report: ConversionReport) throws -> Stone {
        guard let package = report.packages.first(where: { $0.name == name }),
            let bytes = TestFiles.bytes(of: stones.appending(package.stone).display)
        else { throw TestSupportError("there is no stone of \(name)") }
        let document = try StoneDocument(decoding: bytes)
        var metadata: PackageMetadata?
        var layout: [BytePath: LayoutEntry] = [:]
        for payload in document.payloads {
            switch payload.body {
            case .meta(let records): metadata = try PackageMetadata(records: records)
            case .layout(let entries): for entry in entries { layout[entry.path] = entry }
            default: break
            }
        }
        guard let metadata else { throw TestSupportError("the stone of \(name) has no metadata") }
        return Stone(metadata: metadata, layout: layout)
    }

    /// Details of what a package dropped, of one kind.
    func dropped(_ kind: DroppedItem.Kind, _ name: String, in report: ConversionReport) -> [String] {
        report.packages.first { $0.name == name }?.dropped.filter { $0.kind == kind }.map(\.detail) ?? []
    }
}

func regular(_ text: String, mode: UInt32 = 0o644) -> (LayoutEntry.Kind, UInt32) {
    (.regular(ObjectID(hashing: Array(text.utf8))), 0o100000 | mode)
}
