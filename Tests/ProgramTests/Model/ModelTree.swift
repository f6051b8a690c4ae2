import BytePath
import LinuxSystem
import TestSupport

/// What must lie below a `/usr`.
struct ModelTree: Sendable {
    /// The file the tools make; what it says is not the model's business.
    private static let generated: BytePath = "lib/os-release"

    private let lines: [BytePath: ModelLine]

    init(_ packages: some Sequence<ModelPackage>) {
        var lines: [BytePath: ModelLine] = ["lib": ModelLine(.directory, mode: 0o755)]
        for package in packages {
            for (path, line) in package.lines {
                lines[path] = line
                var parent = path.parent
                while !parent.isEmpty {
                    if lines[parent] == nil { lines[parent] = ModelLine(.directory, mode: 0o755) }
                    parent = parent.parent
                }
            }
        }
        self.lines = lines
    }

    /// How `listing`, of a live tree or of a view, differs; empty when it does not.
    func complaints(about listing: TreeListing) -> [String] {
        var rest = lines
        var complaints: [String] = []
        var hasGenerated = false
        for entry in listing.entries where !entry.path.isEmpty && entry.path != ".stateID" {
            if entry.path == Self.generated {
                hasGenerated = entry.size > 0
                continue
            }
            let found = ModelLine(entry.kind, mode: entry.mode, target: entry.linkTarget, digest: entry.digest)
            let expected = rest.removeValue(forKey: entry.path)
            if expected != found { complaints.append("\(entry), not \(expected.map { "\($0)" } ?? "there")") }
        }
        if !hasGenerated { complaints.append("no os-release") }
        return complaints + rest.keys.sorted().map { "\($0.display) is missing" }
    }
}
