package import BytePath
import Glibc
internal import LinuxSystem
package import Testing

/// Debian's nginx over a directory, on a free port of 127.0.0.1, as whoever runs the tests.
///
/// One process without workers: those would outlive a test process that is killed.
package final class NginxServer: Sendable {
    package struct Options: Sendable {
        package var hasTLS = false
        /// HTTP/2; what clients use of it they negotiate over TLS.
        package var hasHTTP2 = false
        /// Whom the certificate is for.
        package var certificateNames = ["IP:127.0.0.1", "DNS:localhost"]
        /// Further directives of its `server` block.
        package var directives = ""

        package init() {}
    }

    /// A line of the access log.
    package struct Access: Sendable, Hashable {
        package let connection: Int
        package let status: Int
        package let bodyBytesSent: Int
        /// `HTTP/1.1`, `HTTP/2.0`.
        package let version: String
        package let method: String
        package let target: String
        /// Empty where there was none.
        package let range: String
    }

    /// Why it does not start here, or nil.
    package static let obstacle = FetchedProgram.nginx.obstacle

    package let port: UInt16
    /// What a client has to trust, where there is TLS.
    package let certificates: TestCertificates?
    private let scratch: BytePath
    private let process: ServerProcess

    package init(directory: BytePath, _ options: Options = Options()) throws {
        if let obstacle = Self.obstacle { throw TestSupportError("cannot start nginx: \(obstacle)") }
        let scratch = try makeScratchDirectory()
        do {
            certificates =
                options.hasTLS ? try TestCertificates(in: scratch, names: options.certificateNames) : nil
            (port, process) = try Self.start(directory, options, certificates, scratch)
        } catch {
            removeScratchDirectory(scratch)
            throw error
        }
        self.scratch = scratch
    }

    deinit { stop() }

    /// Lets it finish what it is answering, and takes away what it wrote.
    package func stop() {
        guard process.isRunning else { return }
        process.end(SIGQUIT)
        removeScratchDirectory(scratch)
    }

    package func url(_ path: String) -> String {
        "\(certificates == nil ? "http" : "https")://127.0.0.1:\(port)\(ServedFiles.absolute(path))"
    }

    /// The access log once it has `count` lines: a client has its answer a little earlier.
    package func accesses(atLeast count: Int = 0) -> [Access] {
        _ = waitUntil(seconds: 10) { readLog().count >= count }
        return readLog()
    }

    /// What it complained of.
    package var errorLog: String { Self.text(scratch.appending("error.log")) }

    private func readLog() -> [Access] {
        Self.text(scratch.appending("access.log")).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 7, let connection = Int(fields[0]), let status = Int(fields[1]),
                let bytes = Int(fields[2])
            else {
                return nil
            }
            return Access(
                connection: connection, status: status, bodyBytesSent: bytes, version: fields[3], method: fields[4],
                target: fields[5], range: fields[6] == "-" ? "" : fields[6])
        }
    }

    /// Somebody else may take the port meanwhile; then there is another.
    private static func start(
        _ directory: BytePath, _ options: Options, _ certificates: TestCertificates?, _ scratch: BytePath
    ) throws(TestSupportError) -> (UInt16, ServerProcess) {
        var failure = ""
        for _ in 0..<10 {
            let port = ServerProcess.freePorts(1)[0]
            let text = configuration(directory, options, certificates, port)
            guard TestFiles.write(Array(text.utf8), to: scratch.appending("nginx.conf").display) else {
                throw TestSupportError("cannot write to \(scratch.display)")
            }
            let process = ServerProcess(
                Command(FetchedProgram.nginx.path, ["-p", scratch, "-c", "nginx.conf", "-e", "error.log"]))
            // Written once it listens.
            let isReady = waitUntil(seconds: 20) {
                !process.isRunning || Self.text(scratch.appending("nginx.pid")).hasSuffix("\n")
            }
            if isReady && process.isRunning { return (port, process) }
            process.end(SIGKILL)
            failure = "\(process.failureText) \(Self.text(scratch.appending("error.log")))"
            if !failure.contains("in use") { break }
        }
        throw TestSupportError("nginx does not start: \(failure)")
    }

    /// Paths without a slash before them are below the scratch directory.
    private static func configuration(
        _ directory: BytePath, _ options: Options, _ certificates: TestCertificates?, _ port: UInt16
    ) -> String {
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \($0);" }
        let security = certificates.map {
            "ssl_certificate \($0.certificate.display); ssl_certificate_key \($0.key.display);"
        }
        let listening = "127.0.0.1:\(port)" + (certificates == nil ? "" : " ssl") + (options.hasHTTP2 ? " http2" : "")
        return """
            daemon off;
            master_process off;
            pid nginx.pid;
            error_log error.log warn;
            events { worker_connections 512; }
            http {
                log_format tests "$connection\\t$status\\t$body_bytes_sent\\t$server_protocol\\t$request_method\\t$request_uri\\t$http_range";
                access_log access.log tests;
                default_type application/octet-stream;
                sendfile on;
                keepalive_requests 10000;
                \(temporary.joined(separator: " "))
                server {
                    listen \(listening);
                    root "\(directory.display)";
                    \(security ?? "")
                    \(options.directives)
                }
            }

            """
    }

    private static func text(_ path: BytePath) -> String {
        String(decoding: TestFiles.bytes(of: path.display) ?? [], as: UTF8.self)
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips where there is no nginx, and says why.
    package static var needsNginx: Self {
        .enabled(if: NginxServer.obstacle == nil, "skipped: needs nginx; \(NginxServer.obstacle ?? "")")
    }
}
