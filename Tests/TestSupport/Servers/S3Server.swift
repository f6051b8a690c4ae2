internal import BytePath
import Glibc
internal import LinuxSystem
package import Testing

/// A real store that speaks S3: SeaweedFS, all of it in one process, on free ports of 127.0.0.1.
///
/// It checks signatures (version 4, in headers and in addresses), conditions of reads and writes, and parts of uploads.
/// It does not compare a body with the digest that was signed for it.
package final class S3Server: Sendable {
    /// Why it does not start here, or nil.
    package static let obstacle = FetchedProgram.weed.obstacle

    package let port: UInt16
    package let accessKey = "AKIATESTSUPPORT00001"
    package let secretKey = "not/a/secret+of/anybody"
    package let region = "us-east-1"
    private let scratch: BytePath
    private let process: ServerProcess

    /// Everybody may read what is in it.
    package static let openBucket = "open"

    /// - Parameter buckets: there from the start.
    package init(buckets: [String] = ["moss", openBucket]) throws {
        if let obstacle = Self.obstacle { throw TestSupportError("cannot start an S3 server: \(obstacle)") }
        let scratch = try makeScratchDirectory()
        do {
            let identities = """
                {"identities": [{"name": "tests", "actions": ["Admin", "Read", "List", "Tagging", "Write"],
                 "credentials": [{"accessKey": "\(accessKey)", "secretKey": "\(secretKey)"}]},
                 {"name": "anonymous", "actions": ["Read:\(Self.openBucket)"]}]}
                """
            guard TestFiles.write(Array(identities.utf8), to: scratch.appending("identities.json").display) else {
                throw TestSupportError("cannot write to \(scratch.display)")
            }
            (port, process) = try Self.start(buckets, scratch)
        } catch {
            removeScratchDirectory(scratch)
            throw error
        }
        self.scratch = scratch
    }

    deinit { stop() }

    /// Ends it and takes away what it stored. It would take its time to say farewell to the rest of a cluster.
    package func stop() {
        guard process.isRunning else { return }
        process.end(SIGKILL)
        removeScratchDirectory(scratch)
    }

    package var endpoint: String { "http://127.0.0.1:\(port)" }

    /// The address of an object, the bucket in its path.
    package func url(_ bucket: String, _ key: String = "") -> String { "\(endpoint)/\(bucket)/\(key)" }

    private static func start(_ buckets: [String], _ scratch: BytePath) throws(TestSupportError) -> (
        UInt16, ServerProcess
    ) {
        var failure = ""
        for _ in 0..<10 {
            let ports = ServerProcess.freePorts(portOptions.count + 1)
            let process = ServerProcess(command(buckets, scratch, ports))
            let log = { String(decoding: TestFiles.bytes(of: scratch.appending("log").display) ?? [], as: UTF8.self) }
            // It goes to another port where this one is taken, which its log tells.
            let isReady = waitUntil(seconds: 60) {
                !process.isRunning || log().contains("running and ready to use")
            }
            let isAsTold = log().contains("S3 API Server") && log().contains("at http port \(ports[0])")
            if isReady && process.isRunning && isAsTold { return (ports[0], process) }
            process.end(SIGKILL)
            failure = "\(process.failureText) \(log().suffix(2000))"
            if !process.isRunning && !failure.contains("in use") { break }
        }
        throw TestSupportError("the S3 server does not start: \(failure)")
    }

    /// Beside these it takes the port 10,000 above the last one.
    private static let portOptions = [
        "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port",
        "filer.port.grpc", "admin.port",
    ]

    /// It leaves sockets in /tmp, so that is its own directory, in a mount namespace of its own. The program may lie in
    /// the real /tmp and is opened before.
    private static func command(_ buckets: [String], _ scratch: BytePath, _ ports: [UInt16]) -> Command {
        let script = """
            exec 9<"$0" && mount --bind . /tmp && cd /tmp && exec setpriv --pdeathsig KILL /proc/self/fd/9 "$@" >log 2>&1
            """
        var options = [
            "-logtostderr=true", "mini", "-dir=data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false",
            "-master.peers=none", "-webdav=false", "-admin.ui=false", "-s3.config=identities.json",
            "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false", "-s3.port=\(ports[0])",
            "-bucket=\(buckets.joined(separator: ","))",
        ]
        options += zip(portOptions, ports.dropFirst()).map { "-\($0)=\($1)" }
        var command = Command(
            "unshare",
            ["--mount"] + (geteuid() == 0 ? [] : ["--map-root-user"]) + ["sh", "-c", BytePath(script)]
                + [FetchedProgram.weed.path] + options.map { BytePath($0) })
        command.directory = scratch
        command.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp"]
        return command
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips where there is no S3 server, and says why.
    package static var needsS3Server: Self {
        .enabled(if: S3Server.obstacle == nil, "skipped: needs an S3 server; \(S3Server.obstacle ?? "")")
    }
}
