internal import BytePath
package import States
internal import TerminalOutput

/// Files that are no package's, and where they are now.
package struct LocalFilesReport: Encodable, Hashable, Sendable {
    /// Whose `/usr` they were in; nil where that is not known.
    package var state: UInt64?
    /// The directory, below the root, in which they have the paths they had below `/usr`.
    package var place: String
    package var paths: [String]

    package init(_ files: KeptFiles) {
        state = files.state
        place = PathText(files.place).text
        paths = files.paths.map { PathText($0).text }
    }

    /// One line for people.
    func line(_ root: BytePath) -> String {
        let shown = paths.prefix(3).joined(separator: ", ")
        let more = paths.count > 3 ? " and \(paths.count - 3) more" : ""
        let whose = state.map { "the /usr of state \($0)" } ?? "a former /usr"
        return "no package's, found in \(whose) and kept in \(root.appending(BytePath(place)).display): \(shown)\(more)"
    }
}
