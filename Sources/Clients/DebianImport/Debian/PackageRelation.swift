/// One package named in a relation field such as Depends, without what stones cannot say.
package struct PackageRelation: Hashable, Sendable {
    package var name: String
    /// `(>= 2.1)`, or empty.
    package var version: String

    /// The text for reports.
    var text: String { version.isEmpty ? name : "\(name) \(version)" }

    /// Reads a comma-separated field into groups of alternatives.
    ///
    /// Architecture qualifiers (`:any`), architecture lists and build profiles are left out; the version stays as text.
    package static func groups(_ field: String?) -> [[PackageRelation]] {
        guard let field else { return [] }
        return field.split(separator: ",").map { group in
            group.split(separator: "|").compactMap(parse)
        }.filter { !$0.isEmpty }
    }

    /// All packages of a field that has no alternatives.
    package static func list(_ field: String?) -> [PackageRelation] {
        groups(field).flatMap { $0 }
    }

    private static func parse(_ text: Substring) -> PackageRelation? {
        let name = text.split { " \t\n([<".contains($0) }.first?.prefix { $0 != ":" } ?? ""
        guard !name.isEmpty else { return nil }
        var version = ""
        if let open = text.firstIndex(of: "("), let close = text[open...].firstIndex(of: ")") {
            version = String(text[open...close].filter { $0 != "\n" })
        }
        return PackageRelation(name: String(name), version: version)
    }
}
