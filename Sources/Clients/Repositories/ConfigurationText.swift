internal import BytePath
internal import Yams

/// The YAML form of configurations: a map from id to description, uri, priority and active.
enum ConfigurationText {
    /// Reads one file's text; `file` is for errors, which name the line too.
    static func parse(_ bytes: [UInt8], file: BytePath) throws(RepositoryError) -> [CollectionConfiguration] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw RepositoryError(.malformedConfiguration, file.display, "the file is not UTF-8 text")
        }
        guard let node = try compose(text, file) else { return [] }
        guard let mapping = node.mapping else {
            throw malformed(file, node, "expected a map from collection names to their settings")
        }
        var configurations: [CollectionConfiguration] = []
        for (key, value) in mapping {
            guard let name = key.scalar?.string else { throw malformed(file, key, "expected a collection's name") }
            do throws(RepositoryError) {
                configurations.append(try configuration(CollectionID(name), value, file))
            } catch {
                guard error.code == .invalidIdentifier else { throw error }
                throw malformed(file, key, error.description)
            }
        }
        return configurations
    }

    /// The text of one file with `configurations`; reads back to the same values.
    static func encode(_ configurations: [CollectionConfiguration]) -> [UInt8] {
        var text = ""
        for configuration in configurations {
            text += "\(quoted(configuration.id.text)):\n"
            text += "  description: \(quoted(configuration.description))\n"
            text += "  uri: \(quoted(configuration.uri))\n"
            text += "  priority: \(configuration.priority)\n"
            text += "  active: \(configuration.isActive)\n"
        }
        return Array(text.utf8)
    }

    private static func compose(_ text: String, _ file: BytePath) throws(RepositoryError) -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch let error as YamlError {
            switch error {
            case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
                .composer(_, let problem, let mark, _):
                throw malformed(file, line: mark.line, problem)
            case .duplicatedKeysInMapping(let duplicates, let context):
                let keys = duplicates.sorted().joined(separator: ", ")
                throw malformed(file, line: context.mark.line, "these keys come twice: \(keys)")
            default:
                throw RepositoryError(.malformedConfiguration, file.display, "the file is not YAML")
            }
        } catch {
            throw RepositoryError(.malformedConfiguration, file.display, "\(error)")
        }
    }

    private static func configuration(
        _ id: CollectionID, _ node: Node, _ file: BytePath
    ) throws(RepositoryError) -> CollectionConfiguration {
        guard let mapping = node.mapping else { throw malformed(file, node, "expected the settings of \(id)") }
        var result = CollectionConfiguration(id: id, uri: "", origin: file)
        var seen: Set<String> = []
        for (key, value) in mapping {
            guard let name = key.scalar?.string else { throw malformed(file, key, "expected the name of a setting") }
            guard let text = value.scalar?.string else { throw malformed(file, value, "\(name) has to be one value") }
            seen.insert(name)
            switch name {
            case "description": result.description = text
            case "uri": result.uri = text
            case "priority":
                guard let priority = UInt64(text) else {
                    throw malformed(file, value, "priority has to be a whole number from 0, not \"\(text)\"")
                }
                result.priority = priority
            case "active":
                guard let isActive = Bool(text) else {
                    throw malformed(file, value, "active has to be true or false, not \"\(text)\"")
                }
                result.isActive = isActive
            case "base-uri", "channel", "version", "arch":
                throw malformed(file, key, "versioned collections (\(name)) are not supported; give a uri")
            default:
                throw malformed(file, key, "unknown setting \"\(name)\"")
            }
        }
        for required in ["description", "uri", "priority"] where !seen.contains(required) {
            throw malformed(file, node, "\(id) has no \(required)")
        }
        return result
    }

    private static func malformed(_ file: BytePath, _ node: Node, _ message: String) -> RepositoryError {
        malformed(file, line: node.mark?.line ?? 1, message)
    }

    private static func malformed(_ file: BytePath, line: Int, _ message: String) -> RepositoryError {
        RepositoryError(.malformedConfiguration, "\(file.display):\(line)", message)
    }

    /// A double-quoted YAML scalar.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            default:
                if scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
                    || [0x2028, 0x2029, 0xfeff].contains(scalar.value)
                {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
