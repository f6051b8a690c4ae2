import BytePath
import Glibc
import LMDB
import LinuxSystem
import Testing

/// Two processes on one environment: the body of an exit test is the other one.
@Suite struct LMDBProcessTests {
    static let numbers = Bucket<UInt64, [UInt8]>("numbers")
    static let news = Bucket<UInt64, UInt64>("news")

    @Test func seesBucketsAndGrowthOfAnotherProcess() async throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open { $0.initialMapSize = 1 << 20 }
        try environment.update { transaction in try transaction.put([1], in: Self.numbers, for: 0) }
        await #expect(processExitsWith: .success) { [path = scratch.path.display as String] in
            let environment = try Environment(at: BytePath(path))
            try environment.update { transaction in
                for key in UInt64(1)...100 {
                    try transaction.put([UInt8](repeating: 1, count: 100_000), in: Self.numbers, for: key)
                }
                try transaction.put(5, in: Self.news, for: 5)
            }
        }
        try environment.view { transaction throws in
            #expect(try transaction.count(in: Self.numbers) == 101)
            #expect(try transaction.value(in: Self.news, for: 5) == 5)
        }
        await #expect(processExitsWith: .success) { [path = scratch.path.display as String] in
            let environment = try Environment(at: BytePath(path))
            try environment.update { transaction in
                for key in UInt64(101)...300 {
                    try transaction.put([UInt8](repeating: 1, count: 100_000), in: Self.numbers, for: key)
                }
                try transaction.put(6, in: Bucket<UInt64, UInt64>("more news"), for: 5)
            }
        }
        try environment.update { transaction throws in
            #expect(try transaction.count(in: Self.numbers) == 301)
            #expect(try transaction.value(in: Bucket<UInt64, UInt64>("more news"), for: 5) == 6)
            try transaction.put([1], in: Self.numbers, for: 1000)
        }
    }

    @Test func slotsOfDeadReadersAreFreed() async throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open { $0.maximumReaders = 1 }
        try environment.update { transaction in try transaction.put([1], in: Self.numbers, for: 0) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = scratch.path.display as String] in
            let environment = try Environment(at: BytePath(path))
            try environment.view { _ in
                kill(getpid(), SIGKILL)
                while true { pause() }
            }
        }
        try environment.view { transaction throws in #expect(try transaction.count(in: Self.numbers) == 1) }
    }

    @Test func aKilledWriterLeavesNothingBehind() async throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open()
        try environment.update { transaction in try transaction.put([1], in: Self.numbers, for: 0) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = scratch.path.display as String] in
            let environment = try Environment(at: BytePath(path))
            try environment.update { transaction in
                for key in UInt64(0)..<1000 {
                    try transaction.put([UInt8](repeating: 1, count: 1000), in: Self.numbers, for: key)
                }
                kill(getpid(), SIGKILL)
                while true { pause() }
            }
        }
        try environment.update { transaction throws in
            #expect(try transaction.count(in: Self.numbers) == 1)
            try transaction.put([2], in: Self.numbers, for: 1)
        }
        try environment.checkStructure()
    }

    @Test(.enabled(if: geteuid() == 0, "needs root, to become somebody else"))
    func anotherUserReadsWhileWeWrite() async throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open()
        _ = scratch.path.withCString { chmod($0, 0o755) }
        try environment.update { transaction in
            for key in UInt64(0)..<500 { try transaction.put(0, in: Self.news, for: key) }
        }
        let isDone = Guarded(false)
        let writer = startThread {
            var round: UInt64 = 0
            while !isDone.withLock({ $0 }) {
                round += 1
                try? environment.update { transaction in
                    for key in UInt64(0)..<500 { try transaction.put(round, in: Self.news, for: key) }
                }
                usleep(3000)
            }
        }
        await #expect(processExitsWith: .success) { [path = scratch.path.display as String] in
            guard setgid(65534) == 0, setuid(65534) == 0 else { exit(2) }
            var options = EnvironmentOptions()
            options.readOnly = true
            let environment = try Environment(at: BytePath(path), options: options)
            guard environment.readsWithoutLock else { exit(3) }
            for _ in 0..<200 {
                let values = try environment.view { transaction in
                    var cursor = try transaction.cursor(in: Self.news)
                    var values: [UInt64] = []
                    while let (_, value) = try cursor.next() { values.append(value) }
                    return values
                }
                guard values.count == 500, Set(values).count == 1 else { exit(4) }
            }
        }
        isDone.withLock { $0 = true }
        pthread_join(writer, nil)
    }

    @Test(.enabled(if: geteuid() == 0, "needs root, to become somebody else"))
    func anotherUserCannotWrite() async throws {
        let scratch = try LMDBScratch()
        _ = scratch.path.withCString { chmod($0, 0o755) }
        do { _ = try scratch.open() }
        await #expect(processExitsWith: .success) { [path = scratch.path.display as String] in
            guard setgid(65534) == 0, setuid(65534) == 0 else { exit(2) }
            guard databaseErrorCode({ _ = try Environment(at: BytePath(path)) }) == .permissionDenied else { exit(3) }
        }
    }
}

extension LMDBProcessTests {
    @Test(.enabled(if: geteuid() == 0, "needs root, to mount a small file system"))
    func aFullDeviceIsAClearErrorAndChangesNothing() throws {
        let outer = try LMDBScratch()
        let mounted = outer.path.withCString { path in mount("tmpfs", path, "tmpfs", 0, "size=512k") }
        try #require(mounted == 0)
        defer { _ = outer.path.withCString { umount2($0, Int32(MNT_DETACH)) } }
        for _ in 0..<2 {
            let environment = try outer.open()
            try environment.update { transaction in try transaction.put([1], in: Self.numbers, for: 0) }
            let code = databaseErrorCode {
                try environment.update { transaction in
                    for key in UInt64(0)..<1000 {
                        try transaction.put([UInt8](repeating: 1, count: 1000), in: Self.numbers, for: key)
                    }
                }
            }
            #expect(code == .diskFull)
            try environment.view { transaction throws in #expect(try transaction.count(in: Self.numbers) == 1) }
            try environment.checkStructure()
        }
    }
}
