import BytePath
import TestSupport

/// A client that many others were measured by, and what it says of one transfer.
struct Curl {
    let exitCode: Int32?
    let status: Int
    let body: [UInt8]
    /// Lines of all answers' headers.
    let headers: [String]
    let connections: Int
    let version: String

    var text: String { String(decoding: body, as: UTF8.self) }

    /// Whether an answer had this line, or one that begins like it.
    func says(_ line: String) -> Bool { headers.contains { $0.hasPrefix(line) } }

    // Exit codes.
    static let unsupportedProtocol: Int32 = 1
    static let weirdAnswer: Int32 = 8
    static let partialFile: Int32 = 18
    static let timeOut: Int32 = 28
    static let redirects: Int32 = 47
    static let nothing: Int32 = 52
    static let receiving: Int32 = 56
    static let untrusted: Int32 = 60

    init(_ url: String, _ options: [String] = []) throws {
        try self.init(urls: [url], options)
    }

    init(urls: [String], _ options: [String] = []) throws {
        let own = [
            "--noproxy", "*", "--silent", "--max-time", "60", "--dump-header", "/dev/fd/2", "--write-out",
            "%{stderr}told %{http_code} %{num_connects} %{http_version}\\n",
        ]
        let outputs = urls.dropFirst().flatMap { ["--url", $0] }
        let result = try Command("curl", (own + options + [urls[0]] + outputs).map { BytePath($0) }).run()
        exitCode = result.exitCode
        body = result.output
        headers = result.errorText.split { $0.isNewline }.map(String.init)
        let told = headers.filter { $0.hasPrefix("told ") }.map { $0.split(separator: " ") }
        status = told.last.flatMap { Int($0[1]) } ?? 0
        connections = told.reduce(0) { $0 + (Int($1[2]) ?? 0) }
        version = told.last.map { String($0[3]) } ?? ""
    }
}
