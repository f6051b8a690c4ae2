internal import Digests
package import PackageModel
internal import TerminalOutput

/// Everything metadata say of a package.
package struct PackageDetails: Encodable, Hashable, Sendable {
    var name: String
    var version: String
    var release: UInt64
    var buildRelease: UInt64
    var architecture: String
    var summary: String
    var description: String
    var homepage: String
    var sourceID: String
    var licenses: [String]
    var dependencies: [String]
    var providers: [String]
    var conflicts: [String]
    var uri: String?
    var hash: String?
    var downloadSize: UInt64?

    package init(_ metadata: PackageMetadata) {
        name = metadata.name
        version = metadata.version
        release = metadata.release
        buildRelease = metadata.buildRelease
        architecture = metadata.architecture
        summary = metadata.summary
        description = metadata.description
        homepage = metadata.homepage
        sourceID = metadata.sourceID
        licenses = metadata.licenses
        dependencies = metadata.dependencies.map(\.text)
        providers = metadata.allProviders.map(\.text)
        conflicts = metadata.conflicts.map(\.text)
        uri = metadata.uri
        hash = metadata.hash?.hexadecimal
        downloadSize = metadata.downloadSize
    }

    private enum CodingKeys: String, CodingKey {
        case name, version, release, buildRelease, architecture, summary, description, homepage
        case sourceID = "sourceId"
        case licenses, dependencies, providers, conflicts, uri, hash, downloadSize
    }

    /// Writes the fields, one on each line, with `status` after the name.
    func write(to output: TerminalStream, status: String? = nil) {
        var table = Table()
        let add = { (label: String, value: String) in
            if !value.isEmpty { table.add(.init(label, .dim), .init(value.printable)) }
        }
        table.add(.init("Name", .dim), .init(name.printable, .bold))
        if let status { add("Status", status) }
        add("Version", version)
        add("Release", "\(release)")
        if buildRelease > 1 { add("Build release", "\(buildRelease)") }
        add("Architecture", architecture)
        add("Summary", summary)
        add("Homepage", homepage)
        add("Licences", licenses.joined(separator: ", "))
        if let downloadSize { add("Download", Measures.size(downloadSize)) }
        table.write(to: output)
        writeLists(to: output)
    }

    private func writeLists(to output: TerminalStream) {
        let lines = WrappedText.lines(description, width: min(output.width ?? 100, 100), indentation: 2)
        if !description.isEmpty {
            output.line(output.paint("Description", .dim))
            for line in lines { output.line(line) }
        }
        for (label, list) in [("Needs", dependencies), ("Provides", providers), ("Conflicts with", conflicts)]
        where !list.isEmpty {
            output.line(output.paint(label, .dim))
            Columns(list.map(\.printable), indentation: 2).write(to: output)
        }
    }
}
