internal import BytePath
internal import Downloads
internal import YAML

/// The YAML form of configurations: a map from id to description, uri, priority and active.
enum ConfigurationText {
    /// Reads one file's text; `file` is for errors, which name the line too.
    static func parse(_ bytes: [UInt8], file: BytePath) throws(RepositoryError) -> [CollectionConfiguration] {
        do throws(YAMLError) {
            guard let node = try YAMLNode.read(bytes) else { return [] }
            let mapping = try node.mapping(or: "expected a map from collection names to their settings")
            var configurations: [CollectionConfiguration] = []
            for pair in mapping.pairs {
                let id: CollectionID
                do throws(RepositoryError) {
                    id = try CollectionID(pair.key.text)
                } catch {
                    throw pair.unexpectedKey(error.description)
                }
                configurations.append(try configuration(id, pair.value, file))
            }
            return configurations
        } catch {
            throw RepositoryError(.malformedConfiguration, "\(file.display):\(error.mark.line)", error.message)
        }
    }

    /// The text of one file with `configurations`; reads back to the same values.
    static func encode(_ configurations: [CollectionConfiguration]) -> [UInt8] {
        var text = ""
        for configuration in configurations {
            text += "\(YAMLScalar.quoted(configuration.id.text)):\n"
            text += "  description: \(YAMLScalar.quoted(configuration.description))\n"
            text += "  uri: \(YAMLScalar.quoted(configuration.uri))\n"
            text += "  priority: \(configuration.priority)\n"
            text += "  active: \(configuration.isActive)\n"
        }
        return Array(text.utf8)
    }

    private static func configuration(
        _ id: CollectionID, _ node: YAMLNode, _ file: BytePath
    ) throws(YAMLError) -> CollectionConfiguration {
        let mapping = try node.mapping(or: "expected the settings of \(id)")
        var result = CollectionConfiguration(id: id, uri: "", origin: file)
        for pair in mapping.pairs {
            let name = pair.key.text
            let value = pair.value
            let text = try value.text(or: "\(name) has to be one value")
            switch name {
            case "description": result.description = text
            case "uri": result.uri = text
            case "priority":
                result.priority = try value.integer(
                    or: "priority has to be a whole number from 0, not \"\(text)\"")
            case "active": result.isActive = try value.boolean(or: "active has to be true or false, not \"\(text)\"")
            case "base-uri", "channel", "version", "arch":
                throw pair.unexpectedKey("versioned collections (\(name)) are not supported; give a uri")
            default:
                throw pair.unexpectedKey("unknown setting \"\(name)\"")
            }
        }
        for required in ["description", "uri", "priority"] where mapping[key: required] == nil {
            throw node.unexpected("\(id) has no \(required)")
        }
        return result
    }
}
