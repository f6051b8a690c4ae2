internal import CommandLineSupport
package import TerminalOutput

/// Stones that were copied.
package struct FetchReport: Report {
    package struct Stone: Encodable, Hashable, Sendable {
        package var name: String
        package var path: String
        package var pathBytes: String?
        package var size: UInt64
        /// SHA-256 of the file.
        package var id: String

        package init(_ path: PathText, name: String, size: UInt64, id: String) {
            (self.path, pathBytes) = (path.text, path.bytes)
            self.name = name
            self.size = size
            self.id = id
        }
    }

    package var stones: [Stone]

    package init(stones: [Stone]) {
        self.stones = stones
    }

    package func write(to output: TerminalStream) {
        for stone in stones { output.line("\(stone.path.printable)  \(Measures.size(stone.size))") }
    }
}
