internal import ArgumentParser
internal import BytePath
internal import CollectionIndex
internal import CollectionSettings
internal import CommandLineSupport
internal import Downloads
internal import LinuxSystem
internal import WebAddress

/// Where a collection comes from, and who vouches for it.
struct SourceOptions: ParsableArguments {
    @Option(help: "A further directory of the same layout, for when the first does not answer; repeat it for more.")
    var mirror: [String] = []

    @Option(help: "A public key that signs the collection, in hexadecimal digits; repeat it for more.")
    var key: [String] = []

    @Option(help: "How many of the keys have to sign.")
    var threshold: UInt64?

    @Flag(help: "Take what the collection offers without signatures.")
    var unsigned = false

    @Option(help: "stream/X, tag/X or history/X of the channel; URI is the directory of channels then.")
    var version: String?

    @Option(help: "The channel (main).")
    var channel: String?

    @Option(help: "The architecture (x86_64).")
    var arch: String?

    @Option(help: "channel=…,version=…,arch=…: the same three in one.")
    var rootIndex: String?

    @OptionGroup var store: StoreOptions

    func source(_ uri: String) throws -> CollectionSource {
        if CollectionSource.isStore(uri) {
            guard version ?? channel ?? arch ?? rootIndex == nil else {
                throw refusal("\(uri): a store of objects has no channels; leave out --version and the like")
            }
            return try CollectionSource.store(uri, endpoint: store.endpoint, region: store.region)
        }
        guard !store.isGiven else { throw refusal("--endpoint and --region belong to s3://BUCKET/PREFIX") }
        var parts = ["version": version, "channel": channel, "arch": arch].compactMapValues(\.self)
        for part in (rootIndex ?? "").split(separator: ",", omittingEmptySubsequences: true) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard pair.count == 2, ["version", "channel", "arch"].contains(pair[0]) else {
                throw refusal(
                    "--root-index \(part): expected version=…, channel=… and arch=…, with commas between them")
            }
            guard parts.updateValue(pair[1], forKey: pair[0]) == nil else {
                throw refusal("--root-index \(part): \(pair[0]) is given twice")
            }
        }
        guard !parts.isEmpty || rootIndex != nil else {
            return .direct(
                try CollectionAddress.uri(ArgumentText.path(uri), relativeTo: CurrentProcess.workingDirectory))
        }
        guard let version = parts["version"] else {
            throw refusal("a channel is of use with a version only, such as --version stream/unstable")
        }
        return .versioned(
            try VersionedSource(
                base: uri, channel: parts["channel"] ?? VersionedSource.defaultChannel, version: version,
                architecture: parts["arch"] ?? VersionedSource.defaultArchitecture))
    }

    func mirrors() throws -> [WebAddress] {
        try mirror.map { try CollectionAddress.mirror($0) }
    }

    func trust() throws -> CollectionTrust? {
        guard !key.isEmpty else {
            guard threshold == nil else { throw refusal("--threshold counts keys, and no --key is given") }
            return unsigned ? .unsigned : nil
        }
        guard !unsigned else { throw refusal("a collection has keys (--key) or is --unsigned, not both") }
        return try CollectionTrust.keys(key, threshold: threshold ?? 1)
    }

    /// Refuses what would not be usable.
    func check(_ configuration: CollectionConfiguration) throws {
        guard mirror.isEmpty || !configuration.source.isLocal else {
            throw refusal("\(configuration.uri) is on this machine, where nothing has mirrors")
        }
        guard configuration.declaredTrust == nil, !configuration.source.isLocal else { return }
        throw refusal(
            "\(configuration.id): nothing says who vouches for what comes from \(configuration.uri); give the keys that "
                + "sign it with --key, or take it without signatures with --unsigned")
    }

    private func refusal(_ text: String) -> CommandFailure { CommandFailure(.usage, code: "usage", text) }
}
