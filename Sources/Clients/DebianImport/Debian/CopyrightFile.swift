import BytePath

/// Licence names of a Debian copyright file.
enum CopyrightFile {
    private static let nameLengthMax = 200

    /// The short names of a machine-readable file, sorted and unique; empty for free text.
    static func licenses(_ bytes: [UInt8]) -> [String] {
        let paragraphs = ControlParagraph.all(bytes)
        guard paragraphs.first?["Format"] != nil else { return [] }
        var names: Set<String> = []
        for paragraph in paragraphs {
            guard let license = paragraph["License"] else { continue }
            let name = license.prefix { $0 != "\n" }.trimmingBlanks
            if !name.isEmpty && name.utf8.count <= nameLengthMax { names.insert(String(name)) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Whether `path` below `/usr` is a package's copyright file.
    static func isCopyright(_ path: BytePath) -> Bool {
        path.lastComponent == "copyright" && path.isAtOrBelow("share/doc") && path.components.count == 4
    }
}
