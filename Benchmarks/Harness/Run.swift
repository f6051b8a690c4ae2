import BytePath
import Glibc
import LinuxSystem

/// One run of a program: how long it took and what it printed.
struct Run {
    var seconds: Double
    var processorSeconds: Double
    var output: String

    /// Runs `program` to its end, with errors on this process's stderr.
    ///
    /// The clock runs from before the spawn to after the wait, so starting the process is part of the figure.
    init(_ program: BytePath, _ arguments: [BytePath]) throws {
        let output = try Descriptor.open(
            BytePath("/tmp/moss-benchmark-\(getpid())"), [.readWrite, .create, .truncate])
        defer { unlink("/tmp/moss-benchmark-\(getpid())") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, output.raw, 1)
        var vector: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { $0.withCString { strdup($0) } }
        vector.append(nil)
        defer { for argument in vector { free(argument) } }

        let start = monotonicNanoseconds()
        var child: pid_t = 0
        let failure = program.withCString { posix_spawnp(&child, $0, &actions, nil, vector, environ) }
        var status: Int32 = 0
        var usage = rusage()
        if failure == 0 { while wait4(child, &status, 0, &usage) < 0 && errno == EINTR {} }
        seconds = Double(monotonicNanoseconds() - start) / 1e9
        processorSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
        self.output = String(decoding: try output.readAll(), as: UTF8.self)
        guard failure == 0, status == 0 else {
            let line = ([program] + arguments).map(\.display).joined(separator: " ")
            throw BenchmarkError("\(line) failed (status \(failure == 0 ? status >> 8 : failure)): \(self.output)")
        }
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }
}

struct BenchmarkError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// The middle value; the mean of the two middle ones where there is no single one.
func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    if sorted.isEmpty { return .nan }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}

/// Writes back everything and makes the kernel forget clean pages, directories and inodes.
func dropCaches() throws {
    sync()
    try Descriptor.open("/proc/sys/vm/drop_caches", .write).write(Array("3\n".utf8))
}
