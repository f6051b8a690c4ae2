internal import BytePath
internal import Downloads
internal import KDL
internal import PackageModel
internal import YAML

/// The languages in which collections are configured, told by the names of files: in both a map from names of
/// collections to their settings.
enum ConfigurationText {
    case yaml
    case kdl

    init?(ofFile name: BytePath) {
        if name.bytes.hasSuffix(".yaml") {
            self = .yaml
        } else if name.bytes.hasSuffix(".kdl") {
            self = .kdl
        } else {
            return nil
        }
    }

    /// Reads one file's text; `file` is for errors, which name the line too.
    func parse(_ bytes: [UInt8], file: BytePath) throws(RepositoryError) -> [CollectionConfiguration] {
        do throws(ConfiguredCollection.Problem) {
            var configurations: [CollectionConfiguration] = []
            var names: Set<CollectionID> = []
            for collection in try self == .yaml ? Self.yaml(bytes) : Self.kdl(bytes) {
                let configuration = try collection.configuration(from: file)
                guard names.insert(configuration.id).inserted else {
                    throw .init(line: collection.line, message: "\(configuration.id) is defined twice")
                }
                configurations.append(configuration)
            }
            return configurations
        } catch {
            throw RepositoryError(.malformedConfiguration, "\(file.display):\(error.line)", error.message)
        }
    }

    /// The text of one file with `configurations`; reads back to the same values.
    func encode(_ configurations: [CollectionConfiguration]) -> [UInt8] {
        let collections = configurations.map { ConfiguredCollection($0) }
        return self == .yaml ? Self.yaml(collections) : Self.kdl(collections)
    }

    // MARK: YAML

    private static func yaml(_ bytes: [UInt8]) throws(ConfiguredCollection.Problem) -> [ConfiguredCollection] {
        do throws(YAMLError) {
            guard let node = try YAMLNode.read(bytes) else { return [] }
            let mapping = try node.mapping(or: "expected a map from collection names to their settings")
            var collections: [ConfiguredCollection] = []
            for pair in mapping.pairs {
                let settings = try pair.value.mapping(or: "expected the settings of \(pair.key.text)")
                collections.append(
                    ConfiguredCollection(
                        name: pair.key.text,
                        settings: settings.pairs.map {
                            .init(name: $0.key.text, value: value($0.value), line: $0.keyMark.line)
                        }, line: pair.keyMark.line))
            }
            return collections
        } catch {
            throw .init(line: error.mark.line, message: error.message)
        }
    }

    private static func value(_ node: YAMLNode) -> ConfiguredCollection.Value {
        switch node.content {
        case .scalar(let scalar): return .text(scalar.text)
        case .sequence(let nodes):
            let texts = nodes.compactMap { node in
                if case .scalar(let scalar) = node.content { scalar.text } else { nil }
            }
            return texts.count == nodes.count ? .texts(texts) : .other
        case .mapping: return .other
        }
    }

    private static func yaml(_ collections: [ConfiguredCollection]) -> [UInt8] {
        var text = ""
        for collection in collections {
            text += "\(YAMLScalar.quoted(collection.name)):\n"
            for setting in collection.settings { text += "  \(setting.name): \(yaml(setting.value))\n" }
        }
        return Array(text.utf8)
    }

    private static func yaml(_ value: ConfiguredCollection.Value) -> String {
        switch value {
        case .text(let text): YAMLScalar.quoted(text)
        case .number(let number): "\(number)"
        case .boolean(let value): "\(value)"
        case .texts(let texts): "[\(texts.map(YAMLScalar.quoted).joined(separator: ", "))]"
        case .other: "null"
        }
    }

    // MARK: KDL

    private static func kdl(_ bytes: [UInt8]) throws(ConfiguredCollection.Problem) -> [ConfiguredCollection] {
        do throws(KDLError) {
            var collections: [ConfiguredCollection] = []
            for node in try KDLNode.read(bytes) {
                guard node.arguments.isEmpty, node.properties.isEmpty else {
                    throw node.unexpected("the settings of \(node.name) stand in braces, each on a line")
                }
                var names: Set<Verbatim<String>> = []
                var collection = ConfiguredCollection(name: node.name, line: node.mark.line)
                for setting in node.children {
                    guard setting.properties.isEmpty, setting.children.isEmpty else {
                        throw setting.unexpected("behind \(setting.name) stand values only")
                    }
                    guard names.insert(Verbatim(setting.name)).inserted else {
                        throw setting.unexpected("\(setting.name) comes twice")
                    }
                    collection.settings.append(
                        .init(name: setting.name, value: value(setting.arguments), line: setting.mark.line))
                }
                collections.append(collection)
            }
            return collections
        } catch {
            throw .init(line: error.mark.line, message: error.message)
        }
    }

    private static func value(_ arguments: [KDLValue]) -> ConfiguredCollection.Value {
        if arguments.count == 1 {
            switch arguments[0].content {
            case .text(let text): return .text(text)
            case .boolean(let value): return .boolean(value)
            case .number(let text): return (try? .number(arguments[0].integer(or: ""))) ?? .text(text)
            case .null: return .other
            }
        }
        let texts = arguments.compactMap { argument in
            if case .text(let text) = argument.content { text } else { nil }
        }
        return texts.count == arguments.count ? .texts(texts) : .other
    }

    private static func kdl(_ collections: [ConfiguredCollection]) -> [UInt8] {
        KDLNode.text(
            collections.map { collection in
                KDLNode(collection.name, children: collection.settings.map { KDLNode($0.name, kdl($0.value)) })
            })
    }

    private static func kdl(_ value: ConfiguredCollection.Value) -> [KDLValue] {
        switch value {
        case .text(let text): [KDLValue(.text(text))]
        case .number(let number): [KDLValue(.number("\(number)"))]
        case .boolean(let value): [KDLValue(.boolean(value))]
        case .texts(let texts): texts.map { KDLValue(.text($0)) }
        case .other: [KDLValue(.null)]
        }
    }
}
