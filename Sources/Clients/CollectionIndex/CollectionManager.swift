package import BytePath
package import CollectionSettings
package import Downloads
internal import LinuxSystem
internal import PackageModel
package import Storage
internal import Trust

/// Collections of packages: where they are, what their indexes say, and how a stone is fetched from them.
///
/// Configuration lies in files below the root, contents in the database that is handed in. Writers hold the root's
/// lock; readers need none.
package struct CollectionManager: Sendable {
    package let files: ConfigurationFiles
    let store: CollectionStore
    private let transports: [any CollectionTransport]
    /// Fetches what is elsewhere.
    package let downloads: Downloader

    /// - Parameter notice: told, in one line each, what of the configuration is left out.
    package init(
        root: BytePath, database: Database, downloads: Downloader,
        notice: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        // Files are read again and again; what is wrong with one is said once.
        let told = Guarded<Set<String>>([])
        files = ConfigurationFiles(root: root) { text in
            if told.withLock({ $0.insert(text).inserted }) { notice(text) }
        }
        store = CollectionStore(database: database)
        self.downloads = downloads
        transports = [LocalTransport(), HTTPTransport(downloads: downloads, root: root, notice: notice)]
    }

    /// A collection and what the last refresh found; nil where there was none from the configured uri.
    package struct Listed: Hashable, Sendable {
        package var configuration: CollectionConfiguration
        package var record: CollectionRecord?
    }

    /// What a refresh did.
    package struct Refreshed: Hashable, Sendable {
        package var id: CollectionID
        package var packageCount: Int
        /// Whether the packages are other than before.
        package var isChanged: Bool
    }

    /// Every collection, the preferred one first.
    package func list() throws(RepositoryError) -> [Listed] {
        var result: [Listed] = []
        for configuration in try files.load() {
            var record = try store.record(of: configuration.id)
            if record?.isOf(configuration) == false { record = nil }
            result.append(Listed(configuration: configuration, record: record))
        }
        return result
    }

    /// Refreshes a new collection and then stores its configuration; nothing is kept where that fails.
    ///
    /// Throws `collectionExists` for an id that is configured, unless `replacing`.
    package func add(
        _ configuration: CollectionConfiguration, replacing: Bool = false
    ) throws(RepositoryError) -> Refreshed {
        let isKnown = try files.load().contains { $0.id == configuration.id }
        if isKnown && !replacing {
            throw RepositoryError(
                .collectionExists, configuration.id.text, "there is a collection of this name; remove or replace it")
        }
        guard isKnown else {
            let refreshed = try refresh(configuration)
            do throws(RepositoryError) {
                // Last, so that what is configured is here.
                try files.store(configuration)
            } catch {
                try? forgetContents(of: configuration.id)
                throw error
            }
            return refreshed
        }
        // Nothing of one that is replaced changes before all of the new one has come. Stopped after that, what is stored
        // is not of the new configuration, and counts for nothing.
        return try refresh(configuration) { () throws(RepositoryError) in try files.store(configuration) }
    }

    /// Removes a collection's configuration and contents. Throws `unknownCollection`, or `vendorDefined` for one that
    /// can only be disabled.
    package func remove(_ id: CollectionID) throws(RepositoryError) {
        try files.remove(id)
        try store.forget(id)
        try forgetFiles(of: id)
    }

    /// Enables or disables a collection and returns its configuration; `etc` overrides what the vendor defines.
    @discardableResult
    package func setActive(_ isActive: Bool, _ id: CollectionID) throws(RepositoryError) -> CollectionConfiguration {
        var configuration = try configuration(of: id)
        guard configuration.isActive != isActive else { return configuration }
        configuration.isActive = isActive
        try files.store(configuration)
        return configuration
    }

    /// Refreshes one collection, active or not.
    @discardableResult
    package func refresh(_ id: CollectionID) throws(RepositoryError) -> Refreshed {
        try refreshKnown(configuration(of: id))
    }

    /// Refreshes a collection that is configured; where that fails, says how old what stays in use is.
    private func refreshKnown(_ configuration: CollectionConfiguration) throws(RepositoryError) -> Refreshed {
        do throws(RepositoryError) {
            return try refresh(configuration)
        } catch {
            guard let record = try? store.record(of: configuration.id), record.isOf(configuration) else { throw error }
            throw error.remarking("its index of \(Age.text(since: record.refreshed)) ago stays in use")
        }
    }

    /// Refreshes all active collections, on past failures: what is stored of a collection that fails stays as it is.
    package func refreshAll() throws(RepositoryError) -> (refreshed: [Refreshed], failures: [RepositoryError]) {
        var refreshed: [Refreshed] = []
        var failures: [RepositoryError] = []
        for configuration in try files.load() where configuration.isActive {
            do throws(RepositoryError) {
                refreshed.append(try refreshKnown(configuration))
            } catch {
                failures.append(error)
            }
        }
        return (refreshed, failures)
    }

    /// The active collections as one set of packages, as they are configured now.
    package func registry() throws(RepositoryError) -> CollectionRegistry {
        try CollectionRegistry(
            list().filter(\.configuration.isActive), store: store, transports: transports,
            downloads: downloads)
    }

    private func configuration(of id: CollectionID) throws(RepositoryError) -> CollectionConfiguration {
        guard let configuration = try files.load().first(where: { $0.id == id }) else {
            throw RepositoryError(.unknownCollection, id.text, "there is no such collection")
        }
        return configuration
    }

    /// Reads one collection as if it were new, for when what is stored of it may not be whole.
    @discardableResult
    package func refetch(_ id: CollectionID) throws(RepositoryError) -> Refreshed {
        try refresh(configuration(of: id), trustsStored: false)
    }

    private func refresh(
        _ configuration: CollectionConfiguration, trustsStored: Bool = true,
        beforeKeeping: () throws(RepositoryError) -> Void = {}
    ) throws(RepositoryError) -> Refreshed {
        let transport = try transports.serving(configuration)
        var previous = trustsStored ? try store.previousFetch(of: configuration.id) : nil
        if previous?.record.isOf(configuration) == false { previous = nil }
        let fetched = try transport.fetch(configuration, previous: previous)
        try beforeKeeping()
        // Noted before it is used: what is older than this is refused from now on, whatever becomes of this command.
        try CollectionCache(root: files.root, configuration.id).keep(fetched.keeping)
        switch fetched {
        case .unchanged(let stamp, let validator, _):
            guard var record = previous?.record else {
                throw RepositoryError(.invalidIndex, configuration.id.text, "unchanged, but never fetched")
            }
            if record.stamp != stamp || record.validator != validator {
                (record.stamp, record.validator) = (stamp, validator)
                try store.touch(configuration.id, record)
            }
            return Refreshed(id: configuration.id, packageCount: record.packageCount, isChanged: false)
        case .packages(let packages, let base, let stamp, let validator, let stones, _):
            let record = CollectionRecord(
                source: configuration.uri, trust: try configuration.trust.text, base: base, stamp: stamp,
                validator: validator,
                refreshed: currentTimeSeconds(), packageCount: packages.count)
            try store.replace(
                configuration.id, with: CollectionStore.Contents(packages, stones: stones, record: record))
            let isChanged = previous?.record.stamp.digest != stamp.digest || previous?.record.base != base
            return Refreshed(id: configuration.id, packageCount: packages.count, isChanged: isChanged)
        }
    }
}

extension [any CollectionTransport] {
    /// The transport for a collection's uri.
    func serving(_ configuration: CollectionConfiguration) throws(RepositoryError) -> any CollectionTransport {
        let scheme = URIReference.scheme(of: configuration.uri)
        guard let transport = first(where: { $0.serves(scheme: scheme) }) else {
            throw RepositoryError(
                .unsupportedScheme, configuration.id.text,
                "\(scheme ?? "path")-locations are not supported (\(configuration.uri)); use a path or a file URL")
        }
        return transport
    }
}
