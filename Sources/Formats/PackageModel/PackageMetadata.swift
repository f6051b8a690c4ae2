/// Everything a stone's Meta payload says of a package; equal where all bytes are.
package struct PackageMetadata: Hashable, Sendable {
    @Verbatim package var name: String
    /// Upstream's version: free text, never compared.
    @Verbatim package var version: String
    /// The recipe's release counter: the only thing that orders versions.
    package var release: UInt64
    /// Counts rebuilds of one release.
    package var buildRelease: UInt64
    @Verbatim package var architecture: String
    @Verbatim package var summary: String
    @Verbatim package var description: String
    @Verbatim package var homepage: String
    /// The recipe's name; groups the packages of one build.
    @Verbatim package var sourceID: String
    @Verbatim package var licenses: [String]
    package var dependencies: [Capability]
    /// As declared; the implied `name(SELF)` is not among them, see ``allProviders``.
    package var providers: [Capability]
    package var conflicts: [Capability]
    /// Build manifests only.
    package var buildDependencies: [Capability]
    /// Index only: where the stone is, relative to the index.
    @Verbatim package var uri: String?
    /// Index only: SHA-256 of the stone.
    package var hash: PackageID?
    /// Index only: size of the stone in bytes.
    package var downloadSize: UInt64?
    /// Index only: what stands before the stone's content, where that can be fetched in parts.
    package var head: StoneHead?

    package init(
        name: String, version: String, release: UInt64, buildRelease: UInt64 = 1, architecture: String = "x86_64",
        summary: String = "", description: String = "", homepage: String = "", sourceID: String? = nil,
        licenses: [String] = [], dependencies: [Capability] = [], providers: [Capability] = [],
        conflicts: [Capability] = [], buildDependencies: [Capability] = [], uri: String? = nil,
        hash: PackageID? = nil, downloadSize: UInt64? = nil, head: StoneHead? = nil
    ) {
        self.name = name
        self.version = version
        self.release = release
        self.buildRelease = buildRelease
        self.architecture = architecture
        self.summary = summary
        self.description = description
        self.homepage = homepage
        self.sourceID = sourceID ?? name
        self.licenses = licenses
        self.dependencies = dependencies
        self.providers = providers
        self.conflicts = conflicts
        self.buildDependencies = buildDependencies
        self.uri = uri
        self.hash = hash
        self.downloadSize = downloadSize
        self.head = head
    }

    /// The declared providers and the package's own name.
    package var allProviders: [Capability] { [Capability(.name, name)] + providers }

    /// `VERSION-RELEASE`, as lists show it.
    package var versionText: String { "\(version)-\(release)" }

    /// `NAME-VERSION-RELEASE.ARCH`: the directory name `extract` uses.
    package var metadataID: String { "\(name)-\(version)-\(release).\(architecture)" }

    /// `NAME-VERSION-RELEASE-BUILDRELEASE-ARCH.stone`: the usual file name.
    package var stoneFileName: String { "\(name)-\(version)-\(release)-\(buildRelease)-\(architecture).stone" }
}
