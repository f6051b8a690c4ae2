/// What `Sources/README.md` says of the modules.
struct PackageMap {
    struct Module: Equatable {
        var name: String
        var floor: String
        var sentence: String
        var uses: Set<String>
    }

    /// Lowest first; a floor's index is its height.
    static let floors = ["CLibraries", "Base", "Formats", "Engine", "Clients", "Programs"]

    var modules: [String: Module] = [:]

    /// Reads the rows ``| `Name` | sentence | uses |`` below the headings named after floors.
    init(markdown: String) {
        var floor: String?
        for line in markdown.split(separator: "\n") {
            if line.hasPrefix("## ") {
                floor = Self.floors.first { $0 == line.dropFirst(3) }
            } else if let floor, line.hasPrefix("| `") {
                let cells = line.split(separator: "|", omittingEmptySubsequences: false).map(trimmed)
                guard cells.count >= 4 else { continue }
                let name = cells[1].filter { $0 != "`" }
                let uses = cells[3].split(separator: ",").map(trimmed)
                modules[name] = Module(name: name, floor: floor, sentence: cells[2], uses: Set(uses))
            }
        }
    }
}

/// `text` without spaces at either end.
private func trimmed(_ text: Substring) -> String {
    let start = text.drop { $0 == " " }
    guard let last = start.lastIndex(where: { $0 != " " }) else { return "" }
    return String(start[...last])
}
