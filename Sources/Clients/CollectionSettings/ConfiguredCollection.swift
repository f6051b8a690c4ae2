internal import BytePath
internal import Downloads
internal import ObjectStores
internal import WebAddress

/// What a file says about one collection, in whatever language it is written.
struct ConfiguredCollection {
    enum Value {
        /// In YAML everything that is one value.
        case text(String)
        case number(UInt64)
        case boolean(Bool)
        case texts([String])
        /// What no setting is.
        case other
    }

    struct Setting {
        var name: String
        var value: Value
        var line = 1
    }

    /// What is wrong there.
    struct Problem: Error {
        var line: Int
        var message: String
    }

    var name: String
    var settings: [Setting] = []
    var line = 1
}

// MARK: - Reading

extension ConfiguredCollection {
    /// What the settings come to.
    func configuration(from file: BytePath) throws(Problem) -> CollectionConfiguration {
        let id = try at(line) { () throws(RepositoryError) in try CollectionID(name) }
        var result = CollectionConfiguration(id: id, uri: "", origin: file)
        for setting in settings {
            switch setting.name {
            case "description": result.description = try setting.text
            case "priority": result.priority = try setting.number
            case "active": result.isActive = try setting.boolean
            case "uri", "base-uri", "channel", "version", "arch", "mirrors", "keys", "threshold", "unsigned",
                "endpoint",
                "region":
                break
            default: throw Problem(line: setting.line, message: "unknown setting \"\(setting.name)\"")
            }
        }
        result.source = try source()
        result.mirrors = try mirrors(of: result.source)
        result.declaredTrust = try declaredTrust()
        guard self["priority"] != nil else { throw Problem(line: line, message: "\(name) has no priority") }
        return result
    }

    private subscript(name: String) -> Setting? { settings.first { $0.name == name } }

    private func source() throws(Problem) -> CollectionSource {
        let versioned = ["base-uri", "channel", "version", "arch"].compactMap { self[$0] }
        if let uri = self["uri"] {
            if let other = versioned.first {
                throw Problem(
                    line: other.line, message: "\(name) has a uri and a \(other.name), and can have only one of them")
            }
            let text = try uri.text
            if URIReference.scheme(of: text) == StoreLocation.scheme { return .store(try store(uri, text)) }
            if let other = self["endpoint"] ?? self["region"] {
                throw Problem(
                    line: other.line, message: "only a uri of the form s3://BUCKET/PREFIX has a \(other.name)")
            }
            guard ["http", "https"].contains(URIReference.scheme(of: text)) else { return .direct(text) }
            return .direct(
                try at(uri.line) { () throws(RepositoryError) in try CollectionAddress.web(text).text })
        }
        guard let first = versioned.first else { throw Problem(line: line, message: "\(name) has no uri") }
        guard let base = try self["base-uri"]?.text else {
            throw Problem(line: first.line, message: "\(name) has no base-uri")
        }
        guard let version = try self["version"]?.text else {
            throw Problem(line: first.line, message: "\(name) has no version, such as stream/unstable")
        }
        let channel = try self["channel"]?.text ?? VersionedSource.defaultChannel
        let architecture = try self["arch"]?.text ?? VersionedSource.defaultArchitecture
        return .versioned(
            try at(first.line) { () throws(RepositoryError) in
                try VersionedSource(base: base, channel: channel, version: version, architecture: architecture)
            })
    }

    private func store(_ uri: Setting, _ text: String) throws(Problem) -> StoreLocation {
        let (endpoint, region) = (try self["endpoint"]?.text, try self["region"]?.text)
        return try at(uri.line) { () throws(RepositoryError) in
            try StoreLocation(text, endpoint: endpoint, region: region)
        }
    }

    private func mirrors(of source: CollectionSource) throws(Problem) -> [WebAddress] {
        guard let setting = self["mirrors"] else { return [] }
        let texts = try setting.texts
        guard texts.isEmpty || !source.isLocal else {
            throw Problem(line: setting.line, message: "\(name) is on this machine, where nothing has mirrors")
        }
        var mirrors: [WebAddress] = []
        for text in texts {
            mirrors.append(
                try at(setting.line) { () throws(RepositoryError) in try CollectionAddress.mirror(text) })
        }
        return mirrors
    }

    private func declaredTrust() throws(Problem) -> CollectionTrust? {
        let isUnsigned = try self["unsigned"]?.boolean ?? false
        guard let keys = self["keys"] else {
            if let threshold = self["threshold"] {
                throw Problem(line: threshold.line, message: "\(name) has a threshold, but no keys")
            }
            return isUnsigned ? .unsigned : nil
        }
        guard !isUnsigned else {
            throw Problem(line: keys.line, message: "\(name) has keys and is unsigned, and can be only one of them")
        }
        let texts = try keys.texts
        let threshold = try self["threshold"]?.number ?? 1
        return try at(self["threshold"]?.line ?? keys.line) { () throws(RepositoryError) in
            try CollectionTrust.keys(texts, threshold: threshold)
        }
    }

    private func at<Result>(
        _ line: Int, _ body: () throws(RepositoryError) -> Result
    ) throws(Problem) -> Result {
        do throws(RepositoryError) {
            return try body()
        } catch {
            throw Problem(line: line, message: error.description)
        }
    }
}

extension ConfiguredCollection.Setting {
    fileprivate var text: String {
        get throws(ConfiguredCollection.Problem) {
            guard case .text(let text) = value else { throw unexpected("one value") }
            return text
        }
    }

    fileprivate var texts: [String] {
        get throws(ConfiguredCollection.Problem) {
            switch value {
            case .texts(let texts): return texts
            case .text(let text): return [text]
            default: throw unexpected("a list of texts")
            }
        }
    }

    fileprivate var number: UInt64 {
        get throws(ConfiguredCollection.Problem) {
            switch value {
            case .number(let number): return number
            case .text(let text):
                guard let number = UInt64(text) else { throw unexpected("a whole number from 0, not \"\(text)\"") }
                return number
            default: throw unexpected("a whole number from 0")
            }
        }
    }

    fileprivate var boolean: Bool {
        get throws(ConfiguredCollection.Problem) {
            switch value {
            case .boolean(let value): return value
            case .text(let text):
                guard let value = Bool(text) else { throw unexpected("true or false, not \"\(text)\"") }
                return value
            default: throw unexpected("true or false")
            }
        }
    }

    private func unexpected(_ what: String) -> ConfiguredCollection.Problem {
        .init(line: line, message: "\(name) has to be \(what)")
    }
}

// MARK: - Writing

extension ConfiguredCollection {
    init(_ configuration: CollectionConfiguration) {
        name = configuration.id.text
        settings = [Setting(name: "description", value: .text(configuration.description))]
        switch configuration.source {
        case .direct(let uri): settings.append(Setting(name: "uri", value: .text(uri)))
        case .store(let location):
            settings.append(Setting(name: "uri", value: .text(location.text)))
            if let endpoint = location.endpoint {
                settings.append(Setting(name: "endpoint", value: .text(endpoint.text)))
            }
            settings.append(Setting(name: "region", value: .text(location.region)))
        case .versioned(let source):
            let texts = source.texts
            settings += [
                Setting(name: "base-uri", value: .text(texts.base)),
                Setting(name: "channel", value: .text(texts.channel)),
                Setting(name: "version", value: .text(texts.version)),
                Setting(name: "arch", value: .text(texts.architecture)),
            ]
        }
        if !configuration.mirrors.isEmpty {
            settings.append(Setting(name: "mirrors", value: .texts(configuration.mirrors.map(\.text))))
        }
        switch configuration.declaredTrust {
        case .keys(let keys, let threshold):
            settings.append(Setting(name: "keys", value: .texts(keys.map(\.text))))
            settings.append(Setting(name: "threshold", value: .number(UInt64(threshold))))
        case .unsigned: settings.append(Setting(name: "unsigned", value: .boolean(true)))
        // Which the source says by itself.
        case .local, nil: break
        }
        settings.append(Setting(name: "priority", value: .number(configuration.priority)))
        settings.append(Setting(name: "active", value: .boolean(configuration.isActive)))
    }
}
