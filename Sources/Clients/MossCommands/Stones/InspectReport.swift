internal import CommandLineSupport
internal import Digests
internal import PackageModel
internal import StoneFiles
internal import StoneFormat
package import TerminalOutput

/// What `inspect` found in each file.
package struct InspectReport: Report {
    package var stones: [StoneDescription]
    package var isCheck: Bool

    package init(stones: [StoneDescription], isCheck: Bool) {
        self.stones = stones
        self.isCheck = isCheck
    }

    package func write(to output: TerminalStream) {
        for (index, stone) in stones.enumerated() {
            if isCheck {
                stone.writeVerdict(to: output)
            } else {
                if index > 0 { output.line() }
                stone.write(to: output)
            }
        }
    }
}

/// One file: its header, payloads, packages and layout, and what is wrong with it.
package struct StoneDescription: Encodable, Sendable {
    package struct Header: Encodable, Sendable {
        var type: String
        var formatVersion: UInt32
        var payloadCount: UInt16

        init(_ header: StoneHeader) {
            type = header.fileType.name
            formatVersion = StoneHeader.version
            payloadCount = header.payloadCount
        }
    }

    package struct Payload: Encodable, Sendable {
        var kind: String
        var compression: String
        var storedSize: UInt64
        var plainSize: UInt64
        var recordCount: UInt32
    }

    package var path: String
    package var pathBytes: String?
    package var header: Header?
    package var payloads: [Payload] = []
    package var packages: [PackageDetails] = []
    package var layout: [LayoutLine] = []
    /// nil where nothing wrong was found.
    package var error: String?
    /// What errors of this kind are called by every command; nil where nothing wrong was found.
    package var code: String?

    package init(_ path: PathText) {
        (self.path, pathBytes) = (path.text, path.bytes)
    }

    mutating func add(_ part: StoneInspection.Part) throws(StoneError) {
        switch part {
        case .header(let header): self.header = Header(header)
        case .payload(let payload): try add(payload)
        }
    }

    private mutating func add(_ payload: StoneDocument.Payload) throws(StoneError) {
        let header = payload.header
        payloads.append(
            Payload(
                kind: header.kind.name, compression: header.compression == .zstd ? "zstd" : "none",
                storedSize: header.storedSize, plainSize: header.plainSize, recordCount: header.recordCount))
        switch payload.body {
        case .meta(let records):
            packages.append(PackageDetails(try PackageMetadata(records: records, at: payload.offset)))
        case .layout(let entries): layout += entries.map(LayoutLine.init)
        default: break
        }
    }

    func writeVerdict(to output: TerminalStream) {
        if let error {
            output.line("\(path.printable): \(output.paint("damaged", .red)): \(error.printable)")
        } else {
            output.line("\(path.printable): \(output.paint("good", .green))")
        }
    }

    func write(to output: TerminalStream) {
        output.line(output.paint(path.printable, .bold))
        if let header {
            output.line(
                "\(header.type) stone, format \(header.formatVersion), \(Measures.count(payloads.count, "payload"))")
        }
        var table = Table([.left, .left, .right, .right, .right], indentation: 2)
        for payload in payloads where payload.kind != "meta" || packages.count == 1 {
            table.add(
                .init(payload.kind), .init(payload.compression), .init(Measures.size(payload.storedSize)),
                .init(Measures.size(payload.plainSize)), .init(Measures.count(Int(payload.recordCount), "record")))
        }
        table.write(to: output)
        for package in packages {
            output.line()
            package.write(to: output)
        }
        if !layout.isEmpty {
            output.line()
            output.line(output.paint("Layout", .dim))
            var table = Table(indentation: 2)
            for line in layout { table.rows.append(line.cells) }
            table.write(to: output)
        }
        if let error { output.line("\(output.paint("damaged", .red)): \(error.printable)") }
    }
}
