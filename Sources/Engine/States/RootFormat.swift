internal import BytePath
internal import LinuxSystem
internal import ObjectStore

/// Of which format a root is, as the file `.moss/format` says in text that every version understands:
///
/// ```
/// moss root 2
/// owners applied
/// taking over
/// ```
/// Versions that do not know the number refuse the root. The last line stands while the number is that of today and the
/// database may still be of the format before; which of the two it is says the database.
package enum RootFormat: Hashable, Sendable {
    case former
    case takingOver
    case current

    private static let formerLine = "moss root 1"
    private static let currentLine = "moss root 2"
    private static let takingOverLine = "taking over"
    private static let recordsOwnersLine = "owners recorded"
    private static let appliesOwnersLine = "owners applied"
    private static let fileName: BytePath = "format"

    /// What the file says; nil where there is none.
    static func read(
        _ path: BytePath, _ moss: borrowing Descriptor
    ) throws(StateError) -> (format: RootFormat, recordsOwners: Bool)? {
        let bytes = try StateError.at(path.appending(".moss")) { () throws(SystemError) in
            try moss.readFileIfPresent(fileName, limit: 4096)
        }
        guard let bytes else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        let format: RootFormat
        switch lines.first {
        case formerLine: format = .former
        case currentLine: format = lines.contains(takingOverLine) ? .takingOver : .current
        default: throw .unknownFormat(path)
        }
        return (format, lines.contains(recordsOwnersLine))
    }

    fileprivate func write(in moss: borrowing Descriptor, recordsOwners: Bool) throws(SystemError) {
        var lines = [
            self == .former ? Self.formerLine : Self.currentLine,
            recordsOwners ? Self.recordsOwnersLine : Self.appliesOwnersLine,
        ]
        if self == .takingOver { lines.append(Self.takingOverLine) }
        let text = lines.map { "\($0)\n" }.joined()
        try moss.replaceFile(Self.fileName, with: Array(text.utf8), durable: true)
    }
}

extension RootDirectory {
    func write(_ format: RootFormat) throws(StateError) {
        try system(below: ".moss") { () throws(SystemError) in
            try format.write(in: moss, recordsOwners: ownership == .recorded)
        }
    }

    /// Runs `body`, which puts a database of today's format in the place of one of the format before. From here on older
    /// versions refuse the root, and stopped anywhere it is taken over by who opens it next.
    package func takingOver<R>(_ body: () throws(StateError) -> R) throws(StateError) -> R {
        guard try RootFormat.read(path, moss)?.format != .current else { return try body() }
        try write(.takingOver)
        let result = try body()
        try write(.current)
        return result
    }
}
