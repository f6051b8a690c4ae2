internal import CommandLineSupport
package import StoneFiles
package import TerminalOutput

/// Directories that stones were unpacked into.
package struct ExtractReport: Report {
    package struct Directory: Encodable, Hashable, Sendable {
        package var path: String
        package var pathBytes: String?
        package var fileCount = 0
        package var symlinkCount = 0
        package var directoryCount = 0
        package var bytes: UInt64 = 0
        /// Devices, pipes and sockets, below `/usr`.
        package var leftOut: [String] = []

        package init(_ extracted: StoneExtractor.Extracted) {
            let path = PathText(extracted.directory)
            (self.path, pathBytes) = (path.text, path.bytes)
            (fileCount, symlinkCount) = (extracted.fileCount, extracted.symlinkCount)
            (directoryCount, bytes) = (extracted.directoryCount, extracted.bytes)
            leftOut = extracted.leftOut.map { PathText($0).text }
        }
    }

    package var directories: [Directory]

    package init(directories: [Directory]) {
        self.directories = directories
    }

    package func write(to output: TerminalStream) {
        for directory in directories {
            output.line(
                "\(directory.path.printable): \(Measures.count(directory.fileCount, "file")),"
                    + " \(Measures.count(directory.symlinkCount, "link")),"
                    + " \(Measures.count(directory.directoryCount, "directory", "directories")),"
                    + " \(Measures.size(directory.bytes))")
            for path in directory.leftOut { output.line("  left out: \(path.printable)") }
        }
    }
}
