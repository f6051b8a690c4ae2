package import BytePath
internal import LinuxSystem

/// The directory where a person keeps secret keys: `NAME.json` each, see ``SecretKeyFile``, which nobody else may read.
package struct KeyDirectory: Sendable {
    package let path: BytePath

    package init(_ path: BytePath) {
        self.path = path
    }

    /// `moss/keys` in the user's configuration.
    ///
    /// - Parameters:
    ///   - configuration: XDG_CONFIG_HOME, which counts where it is absolute.
    ///   - home: HOME.
    package init(configuration: BytePath?, home: BytePath?) throws(TrustError) {
        if let configuration, configuration.isAbsolute {
            path = configuration.appending("moss/keys")
        } else if let home, home.isAbsolute {
            path = home.appending(".config/moss/keys")
        } else {
            throw TrustError(
                .invalidRequest, "keys", "it is not known where this user's configuration is",
                remedy: "set HOME or XDG_CONFIG_HOME, or name the key's file")
        }
    }

    private static let suffix = ".json"

    /// Where the key of this name is, or would be.
    package func file(_ name: String) throws(TrustError) -> BytePath {
        guard PlainName.isValid(name) else {
            throw TrustError(
                .invalidRequest, "\"\(name)\"", "a key's name has \(PlainName.rule)", remedy: "choose another")
        }
        return path.appending(name + Self.suffix)
    }

    package func load(_ name: String) throws(TrustError) -> SecretKeyFile {
        do throws(TrustError) {
            return try Self.load(file: file(name))
        } catch {
            guard error.code == .notFound else { throw error }
            let names = try names()
            let others = names.isEmpty ? "there are none" : "there are: \(names.joined(separator: ", "))"
            throw TrustError(.notFound, name, "there is no key of this name in \(path)", remedy: others)
        }
    }

    /// Names of the keys, in order; whether they can be used shows when they are loaded.
    package func names() throws(TrustError) -> [String] {
        let entries = try reporting(path) { () throws(SystemError) -> [Descriptor.Entry] in
            do throws(SystemError) {
                return try Descriptor.openDirectory(path).entries()
            } catch {
                if error.number == .noSuchFile { return [] }
                throw error
            }
        }
        return entries.map(\.name.display).filter { $0.hasSuffix(Self.suffix) }
            .map { String($0.dropLast(Self.suffix.count)) }.filter(PlainName.isValid).sorted()
    }

    /// Reads a file with a key, which has to be this user's and of nobody else's concern.
    package static func load(file path: BytePath) throws(TrustError) -> SecretKeyFile {
        let file = try open(path)
        let status = try reporting(path) { () throws(SystemError) in try file.status() }
        if let problem = exposure(status) {
            throw TrustError(
                .unsafeKeyFile, path.display, problem,
                remedy: "give it the mode 0600, and make a new key if somebody else may have read or made this one")
        }
        let bytes = try reporting(path) { () throws(SystemError) in
            try file.readAll(limit: SecretKeyFile.byteCountMax)
        }
        return try SecretKeyFile(reading: bytes, file: path.display)
    }

    private static func open(_ path: BytePath) throws(TrustError) -> Descriptor {
        do throws(SystemError) {
            // A pipe or device is looked at and not opened: that could wait, or do something.
            guard try Descriptor.open(path, .pathOnly).status().kind == .regular else {
                throw SystemError(.notAFile, call: "open", path: path)
            }
            return try Descriptor.open(path, .nonBlocking)
        } catch {
            guard error.number == .noSuchFile else { throw TrustError(error, path) }
            throw TrustError(.notFound, path.display, "there is no such file", remedy: "name another one")
        }
    }

    /// Why a file is no place for a secret; nil where it is one.
    private static func exposure(_ status: FileStatus) -> String? {
        if status.kind != .regular { return "this is \(status.kind.name), where a file has to be" }
        if status.uid != CurrentProcess.effectiveUser {
            return "it belongs to user \(CurrentProcess.describe(user: status.uid)), and not to you"
        }
        guard status.permissions & 0o077 != 0 else { return nil }
        let mode = String(status.permissions, radix: 8)
        return "others than its owner may use it (mode 0\(mode))"
    }

    /// Keeps a new key, and never replaces one.
    ///
    /// - Returns: its file.
    package func add(_ key: SecretKeyFile, as name: String) throws(TrustError) -> BytePath {
        let file = try file(name)
        let directory = try openForAdding()
        do throws(SystemError) {
            let half = BytePath(".\(name).new")
            if try directory.statusIfPresent(of: half) != nil { try directory.unlink(half) }
            let new = try directory.makeFile(half, mode: 0o600)
            do throws(SystemError) {
                try new.write(key.text)
                try new.sync()
                // A link takes no other file's place.
                try directory.link(half, below: directory, to: file.lastComponent)
            } catch {
                try? directory.unlink(half)
                throw error
            }
            try directory.unlink(half)
            try directory.syncDirectory()
        } catch {
            guard error.number == .alreadyExists else { throw TrustError(error.below(path), path) }
            throw TrustError(.exists, name, "there is a key of this name: \(file)", remedy: "choose another name")
        }
        return file
    }

    /// Makes the directory where it is missing.
    private func openForAdding() throws(TrustError) -> Descriptor {
        var missing: [BytePath] = []
        var present = path
        while !present.isEmpty, try !Self.exists(present) {
            missing.append(present.lastComponent)
            present = present.parent
        }
        if present.isEmpty { present = "." }
        var directory = try reporting(present) { () throws(SystemError) in try Descriptor.openDirectory(present) }
        if let collection = try Self.collection(around: directory, present) {
            throw TrustError(
                .insideCollection, path.display,
                "there is a collection (\(collection)) in it or above it, for all to copy",
                remedy: "keep keys elsewhere; XDG_CONFIG_HOME says where")
        }
        for name in missing.reversed() {
            directory = try reporting(path) { () throws(SystemError) in
                try directory.openDirectory(name, making: true, mode: 0o700)
            }
        }
        return directory
    }

    private static func exists(_ path: BytePath) throws(TrustError) -> Bool {
        try reporting(path) { () throws(SystemError) in
            try Descriptor.openDirectory(".").statusIfPresent(of: path, followingLinks: true) != nil
        }
    }

    /// The file of a collection that lies in `directory` or in one that it is in, wherever links led to.
    private static func collection(
        around directory: borrowing Descriptor, _ path: BytePath
    ) throws(TrustError) -> String? {
        try reporting(path) { () throws(SystemError) -> String? in
            var place = try directory.duplicate()
            var status = try place.status()
            while true {
                for name in ["stone.index", CollectionManifest.fileName]
                where try place.statusIfPresent(of: BytePath(name)) != nil { return name }
                place = try place.open("..", [.directory, .pathOnly])
                let above = try place.status()
                if (above.device, above.inode) == (status.device, status.inode) { return nil }
                status = above
            }
        }
    }
}
