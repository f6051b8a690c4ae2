internal import BytePath
internal import CollectionIndex
internal import Downloads
internal import Failures
internal import Ingest
internal import LinuxSystem
internal import ObjectStore
internal import PackageCatalog
internal import PackageModel
internal import States

/// Files that were fetched.
struct FetchedFiles: Hashable, Sendable {
    var count = 0
    var bytes: UInt64 = 0
}

extension FetchedFiles {
    private static let directoryName: BytePath = "downloads"

    /// What is fetched for a root lies in it, unless it belongs to somebody else.
    static func downloader(
        of root: RootDirectory, _ options: FetchOptions
    ) throws(InstallationError) -> Downloader {
        let isOwn = root.possession.isOwn
        let directory = DownloadDirectory { () throws(SystemError) in
            guard isOwn else { return nil }
            do throws(SystemError) {
                try root.moss.ensureDirectory(directoryName, mode: 0o700)
                let place = try root.moss.openDirectory(directoryName)
                // What is there already could not be added to.
                if try place.isOnReadOnlyFileSystem { return nil }
                return place
            } catch {
                // Somebody who may only look has a directory of his own.
                guard [.accessDenied, .readOnlyFileSystem, .notPermitted].contains(error.number) else {
                    throw error.below(root.path.appending(".moss"))
                }
                return nil
            }
        }
        let configuration = try InstallationError.collections { () throws(RepositoryError) in
            try FetchConfiguration.load(from: root.root, at: root.path)
        }
        return Downloader(into: directory, configuration.applying(options))
    }

    /// Seconds after which a fetched stone, or a part of one, is not waited for any more.
    static let lifetime: Int64 = 7 * 86_400

    /// What was fetched and is not needed any more; nothing while somebody is at it.
    ///
    /// - Parameter seconds: files that changed within so many count as needed.
    static func find(in root: RootDirectory, olderThan seconds: Int64, removing: Bool) -> FetchedFiles {
        var found = FetchedFiles()
        guard let directory = try? root.moss.openDirectory(directoryName),
            (try? directory.lock(.exclusive)) == true, let entries = try? directory.entries()
        else { return found }
        for entry in entries where entry.kind == .regular {
            guard let status = try? directory.status(of: entry.name),
                currentTimeSeconds() - status.modified / 1_000_000_000 >= seconds
            else { continue }
            if removing, (try? directory.unlink(entry.name)) == nil { continue }
            found.count += 1
            found.bytes.addSaturated(status.size)
        }
        return found
    }
}
