import FoundationEssentials

/// The targets of a Swift package, as `swift package dump-package` prints them.
struct PackageDescription: Decodable {
    struct Target {
        var name: String
        var kind: String
        /// Relative to the package, without a trailing slash.
        var path: String
        /// Names of targets and of products of other packages, in the order of the description.
        var dependencies: [String]
    }

    var targets: [Target]

    init(targets: [Target]) {
        self.targets = targets
    }

    /// Decodes the JSON that `swift package dump-package` prints.
    init(json: [UInt8]) throws {
        self = try JSONDecoder().decode(PackageDescription.self, from: Data(json))
    }
}

extension PackageDescription.Target: Decodable {
    private enum Key: String, CodingKey { case name, type, path, dependencies }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        name = try values.decode(String.self, forKey: .name)
        kind = try values.decode(String.self, forKey: .type)
        path = try values.decodeIfPresent(String.self, forKey: .path) ?? "Sources/\(name)"
        dependencies = try values.decode([Dependency].self, forKey: .dependencies).map(\.name)
    }

    /// `{"byName": ["BytePath", null]}` or `{"product": ["ArgumentParser", "swift-argument-parser", null, null]}`: the
    /// name comes first.
    private struct Dependency: Decodable {
        var name: String

        init(from decoder: any Decoder) throws {
            let kinds = try decoder.singleValueContainer().decode([String: [Ignored]].self)
            guard let name = kinds.values.first?.first?.text else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "a dependency without a name"))
            }
            self.name = name
        }
    }

    /// A string, or anything else as nil.
    private struct Ignored: Decodable {
        var text: String?

        init(from decoder: any Decoder) throws {
            text = try? decoder.singleValueContainer().decode(String.self)
        }
    }
}
