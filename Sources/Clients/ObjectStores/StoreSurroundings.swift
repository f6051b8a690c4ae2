package import BytePath
package import Downloads
internal import LinuxSystem

/// What the environment and files say of stores: keys, and where a store is unless somebody says otherwise.
///
/// Keys come from `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, else from the root's `etc/moss/s3-credentials`, else
/// from `~/.aws/credentials` and `~/.aws/config`, of the profile that `AWS_PROFILE` names.
package struct StoreSurroundings: Sendable {
    /// Nil for none: then nothing is signed.
    package private(set) var credentials: StoreCredentials?
    package private(set) var endpoint: String?
    package private(set) var region: String?

    private static let rootFile: BytePath = "etc/moss/s3-credentials"
    private static let sizeMax = 1 << 20

    /// - Parameters:
    ///   - root: whose file counts; nil for none.
    ///   - section: the one of that file that is looked for before `default`.
    package static func find(root: BytePath? = nil, section: String = "default") throws(RepositoryError) -> Self {
        let variable = { (name: String) in
            CurrentProcess.environmentVariable(name).flatMap { $0.isEmpty ? nil : $0 }
        }
        var found = StoreSurroundings()
        found.endpoint = variable("AWS_ENDPOINT_URL_S3") ?? variable("AWS_ENDPOINT_URL")
        found.region = variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION")
        if let key = variable("AWS_ACCESS_KEY_ID") {
            found.credentials = try StoreCredentials(
                accessKey: key, secretKey: variable("AWS_SECRET_ACCESS_KEY") ?? "",
                sessionToken: variable("AWS_SESSION_TOKEN") ?? "", place: "AWS_ACCESS_KEY_ID")
        }
        if found.credentials == nil, let root, let file = try rootsFile(root) {
            try found.take(file, sections: [section, "default"])
        }
        try found.takeProfile(variable("AWS_PROFILE"))
        return found
    }

    private mutating func takeProfile(_ name: String?) throws(RepositoryError) {
        let home = CurrentProcess.environmentPath("HOME")
        let path = { (variable: String, name: BytePath) -> BytePath? in
            let own = CurrentProcess.environmentPath(variable)
            return own ?? home.map { $0.appending(".aws").appending(name) }
        }
        let profile = name ?? "default"
        var isKnown = name == nil
        for (place, section) in [
            (path("AWS_SHARED_CREDENTIALS_FILE", "credentials"), profile),
            (path("AWS_CONFIG_FILE", "config"), profile == "default" ? profile : "profile \(profile)"),
        ] {
            guard let place, let bytes = try Self.read(place) else { continue }
            let file = try SectionedFile(bytes, path: place)
            if file.sections[section] != nil { isKnown = true }
            try take(file, sections: [section])
        }
        guard isKnown || credentials != nil else {
            throw RepositoryError(
                .malformedConfiguration, "AWS_PROFILE", "no file has a profile \"\(profile)\"; name one that is there")
        }
    }

    private static func read(_ path: BytePath) throws(RepositoryError) -> [UInt8]? {
        try reporting { () throws(SystemError) -> [UInt8]? in
            do throws(SystemError) {
                return try Descriptor.open(path, .nonBlocking).readAll(limit: sizeMax)
            } catch {
                guard [.noSuchFile, .notDirectory].contains(error.number) else { throw error }
                return nil
            }
        }
    }

    /// The root's own file, which nobody else may have been able to read or to put there.
    private static func rootsFile(_ root: BytePath) throws(RepositoryError) -> SectionedFile? {
        let path = root.appending(rootFile)
        let file = try reporting(below: root) { () throws(SystemError) -> Descriptor? in
            do throws(SystemError) {
                return try Descriptor.openDirectory(root).openTrusting(rootFile)
            } catch {
                guard error.number == .noSuchFile else { throw error }
                return nil
            }
        }
        guard let file = consume file else { return nil }
        let regular = try RegularFile(file, path)
        guard regular.status.permissions & 0o077 == 0 else {
            throw RepositoryError(
                .malformedConfiguration, path.display,
                "others can read the keys in this file; take that away (mode 600), and have the keys replaced")
        }
        let bytes = try reporting(below: path) { () throws(SystemError) in
            try regular.file.readAll(limit: sizeMax)
        }
        return try SectionedFile(bytes, path: path)
    }

    /// Fills in what is not known yet, from the first of the sections that is there.
    private mutating func take(_ file: SectionedFile, sections: [String]) throws(RepositoryError) {
        guard let values = sections.compactMap({ file.sections[$0] }).first else { return }
        if credentials == nil, let key = values["aws_access_key_id"] {
            credentials = try StoreCredentials(
                accessKey: key, secretKey: values["aws_secret_access_key"] ?? "",
                sessionToken: values["aws_session_token"] ?? "", place: file.path.display)
        }
        endpoint = endpoint ?? values["endpoint_url"]
        region = region ?? values["region"]
    }
}

/// A file of `[SECTION]`s with `NAME = VALUE` lines, as tools for stores have their keys in. Lines that belong to a value
/// of several lines are indented, and are passed over.
struct SectionedFile {
    let path: BytePath
    private(set) var sections: [String: [String: String]] = [:]

    /// - Throws: `malformedConfiguration`, with the line's number and never its text.
    init(_ bytes: [UInt8], path: BytePath) throws(RepositoryError) {
        self.path = path
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw RepositoryError(.malformedConfiguration, path.display, "the text is not UTF-8")
        }
        var section: String?
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let isIndented = line.first.map { " \t".contains($0) } ?? false
            let words = line.trimmed
            if words.isEmpty || "#;".contains(words.prefix(1)) || isIndented { continue }
            if words.first == "[", words.last == "]" {
                let name = String(words.dropFirst().dropLast()).trimmed
                section = name
                sections[name, default: [:]] = sections[name] ?? [:]
            } else if let equals = words.firstIndex(of: "="), let section {
                let name = String(words[..<equals]).trimmed.lowercased()
                sections[section, default: [:]][name] = String(words[words.index(after: equals)...]).trimmed
            } else {
                throw RepositoryError(
                    .malformedConfiguration, "\(path.display):\(number + 1)",
                    "expected [SECTION], or NAME = VALUE in one")
            }
        }
    }
}

extension StringProtocol {
    fileprivate var trimmed: String {
        let isBlank = { (character: Character) in " \t".contains(character) }
        let tail = drop(while: isBlank)
        return String(String(tail.reversed().drop(while: isBlank)).reversed())
    }
}
