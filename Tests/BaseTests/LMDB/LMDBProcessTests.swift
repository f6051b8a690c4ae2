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

    @Test func nobodyWaitsForADeadReader() async throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open { $0.patienceMilliseconds = .max }
        try environment.update { transaction in try transaction.put([1], in: Self.numbers, for: 0) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = scratch.path.display as String] in
            let environment = try Environment(at: BytePath(path))
            try environment.view { _ in
                kill(getpid(), SIGKILL)
                while true { pause() }
            }
        }
        for key in UInt64(1)...5 {
            try environment.update { transaction in try transaction.put([1], in: Self.numbers, for: key) }
        }
        try environment.view { transaction throws in #expect(try transaction.count(in: Self.numbers) == 6) }
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
        // The reader says in a file that it is done: this function may wait for its turn among all other tests much
        // longer, and writing goes on as long, for which there is a limit too.
        let done = scratch.path.appending("done")
        try Descriptor.open(done, [.write, .create]).setMode(0o666)
        let writer = startThread {
            var round: UInt64 = 0
            while round < 5000, (try? Descriptor.open(done).status().size) == 0 {
                round += 1
                try? environment.update { transaction in
                    for key in UInt64(0)..<500 { try transaction.put(round, in: Self.news, for: key) }
                }
                usleep(3000)
            }
        }
        await #expect(processExitsWith: .success) {
            [path = scratch.path.display as String, done = done.display as String] in
            guard setgid(65534) == 0, setuid(65534) == 0 else { exit(2) }
            var options = EnvironmentOptions()
            options.readOnly = true
            let environment = try Environment(at: BytePath(path), options: options)
            guard environment.readsWithoutLock else { exit(3) }
            for _ in 0..<200 {
                let values = try environment.view { transaction in try Self.allNews(transaction) }
                guard values.count == 500, Set(values).count == 1 else { exit(4) }
            }
            try Descriptor.open(BytePath(done), .write).write([1])
        }
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

/// Readers and writers that know of each other by locks alone.
extension LMDBProcessTests {
    static func allNews(_ transaction: borrowing ReadTransaction) throws -> [UInt64] {
        var cursor = try transaction.cursor(in: news)
        var values: [UInt64] = []
        while let (_, value) = try cursor.next() { values.append(value) }
        return values
    }

    /// Makes every record say the same number, which takes as many pages as there were before.
    static func putNews(_ round: UInt64, _ environment: Environment) throws {
        try environment.update { transaction in
            for key in UInt64(0)..<2000 { try transaction.put(round, in: news, for: key) }
        }
    }

    @Test func aReaderOfAnotherProcessIsWaitedFor() async throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open { $0.patienceMilliseconds = .max }
        try Self.putNews(0, environment)
        let done = scratch.path.appending("done")
        _ = try Descriptor.open(done, [.write, .create])
        let writer = startThread {
            var round: UInt64 = 0
            // As in the test of another user's reader.
            while round < 100_000, (try? Descriptor.open(done).status().size) == 0 {
                round += 1
                try? Self.putNews(round, environment)
            }
        }
        await #expect(processExitsWith: .success) {
            [path = scratch.path.display as String, done = done.display as String] in
            var options = EnvironmentOptions()
            options.readOnly = true
            let environment = try Environment(at: BytePath(path), options: options)
            guard !environment.readsWithoutLock else { exit(3) }
            for _ in 0..<10 {
                var runs = 0
                let values = try environment.view { transaction in
                    runs += 1
                    pause(milliseconds: 50)
                    return try Self.allNews(transaction)
                }
                guard runs == 1, values.count == 2000, Set(values).count == 1 else { exit(4) }
            }
            try Descriptor.open(BytePath(done), .write).write([1])
        }
        pthread_join(writer, nil)
        #expect(try environment.view { transaction in try Self.allNews(transaction)[0] } > 10)
    }

    @Test(arguments: [false, true]) func aReaderThatStopsKeepsNobodyFromWriting(isElsewhere: Bool) async throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open { $0.patienceMilliseconds = 20 }
        try Self.putNews(0, environment)
        if isElsewhere {
            let writer = startThread {
                while !FileNames.exists(scratch.path.appending("reading")) { pause(milliseconds: 1) }
                for round in UInt64(1)...5 { try? Self.putNews(round, environment) }
                FileNames.make(scratch.path.appending("written"))
            }
            await #expect(processExitsWith: .success) { [path = scratch.path.display as String] in
                var options = EnvironmentOptions()
                options.readOnly = true
                let environment = try Environment(at: BytePath(path), options: options)
                var runs = 0
                let values = try environment.view { transaction throws -> [UInt64] in
                    runs += 1
                    FileNames.make(BytePath(path).appending("reading"))
                    while !FileNames.exists(BytePath(path).appending("written")) { pause(milliseconds: 1) }
                    return runs == 1 ? [] : try Self.allNews(transaction)
                }
                guard runs == 2, values.count == 2000, Set(values) == [5] else { exit(4) }
            }
            pthread_join(writer, nil)
            for name in ["reading", "written"] { _ = scratch.path.appending(BytePath(name)).withCString { unlink($0) } }
        } else {
            var runs = 0
            let values = try environment.view { transaction throws -> [UInt64] in
                runs += 1
                if runs == 1 {
                    let writer = startThread { for round in UInt64(1)...5 { try? Self.putNews(round, environment) } }
                    pthread_join(writer, nil)
                    return []
                }
                return try Self.allNews(transaction)
            }
            #expect(runs == 2 && values.count == 2000 && Set(values) == [5])
        }
    }

    /// Looking makes no lock file, follows no link, and waits for nothing that is in its place.
    @Test func aReaderTakesTheLockFileAsItIs() throws {
        let scratch = try LMDBScratch()
        do { try Self.putNews(7, try scratch.open()) }
        let directory = try Descriptor.openDirectory(scratch.path)
        for place in ["missing", "link", "fifo", "directory"] {
            try? directory.removeTree("lock.mdb")
            switch place {
            case "link": try directory.makeSymlink("lock.mdb", to: "data.mdb")
            case "fifo": #expect(scratch.path.appending("lock.mdb").withCString { mkfifo($0, 0o600) } == 0)
            case "directory": try directory.makeDirectory("lock.mdb")
            default: break
            }
            let before = try directory.entries().count
            let environment = try scratch.open { $0.readOnly = true }
            #expect(environment.readsWithoutLock, "\(place)")
            #expect(try environment.view { transaction in try Self.allNews(transaction) }.count == 2000)
            #expect(try directory.entries().count == before)
            if place == "missing" { continue }
            #expect(databaseErrorCode { _ = try scratch.open() } != nil, "\(place)")
        }
        try directory.removeTree("lock.mdb")
    }
}

/// Files that tell another process something by being there.
private enum FileNames {
    static func exists(_ path: BytePath) -> Bool { path.withCString { access($0, F_OK) } == 0 }
    static func make(_ path: BytePath) { _ = path.withCString { close(open($0, O_CREAT | O_WRONLY, 0o600)) } }
}

/// Devices without room.
extension LMDBProcessTests {
    /// A database and a device that is full, on which the lock file has no block.
    @Test(.enabled(if: geteuid() == 0, "needs root, to mount a small file system"))
    func aLockFileNeedsNoBlock() async throws {
        let outer = try LMDBScratch()
        let mounted = outer.path.withCString { path in mount("tmpfs", path, "tmpfs", 0, "size=1m") }
        try #require(mounted == 0)
        defer { _ = outer.path.withCString { umount2($0, Int32(MNT_DETACH)) } }
        do { try Self.putNews(1, try outer.open()) }
        let directory = try Descriptor.openDirectory(outer.path)
        try directory.unlink("lock.mdb")
        let filler = try directory.open("filler", [.write, .create])
        let page = [UInt8](repeating: 1, count: 4096)
        while (try? filler.write(page)) != nil {}
        await #expect(processExitsWith: .success) { [path = outer.path.display as String] in
            var options = EnvironmentOptions()
            options.readOnly = true
            do {
                let environment = try Environment(at: BytePath(path), options: options)
                guard try environment.view({ transaction in try Self.allNews(transaction).count }) == 2000 else {
                    exit(3)
                }
            }
            let environment = try Environment(at: BytePath(path))
            let code = databaseErrorCode {
                try environment.update { transaction in
                    for key in UInt64(0)..<1000 {
                        try transaction.put([UInt8](repeating: 1, count: 1000), in: Self.numbers, for: key)
                    }
                }
            }
            guard code == .diskFull else { exit(4) }
            guard try environment.view({ transaction in try Self.allNews(transaction).count }) == 2000 else { exit(5) }
        }
    }

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
