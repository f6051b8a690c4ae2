import BytePath
import Digests
import FileTree
import GarbageCollection
import Glibc
import LinuxSystem
import ObjectStore
import PackageCatalog
import PackageModel
import TestSupport
import Testing

@Suite("Leases of live views")
struct LeaseTests {
    private let description = LeaseDescription(
        process: CurrentProcess.identifier, mountpoint: BytePath(bytes: Array("/mnt/a b%\n".utf8) + [0xff]),
        shows: "state 1, \u{fc}")

    @Test("what is pinned is read back, and a lease ends when it is released")
    func roundTrip() throws {
        try withEngineScratch { scratch in
            let one = try scratch.add(SamplePackage(name: "one", files: [("bin/one", noise(40))]))
            let two = try scratch.add(SamplePackage(name: "two", files: [("bin/two", noise(41))]))
            let generated = try scratch.objects.addObject(noise(42), .plainFile)
            let lease = try scratch.leases.take(description, packages: [one.id], objects: [generated])
            let isAnonymous = lease.isAnonymous
            #expect(!isAnonymous)
            try scratch.leases.extend(lease, packages: [two.id])
            let found = try scratch.leases.all()
            #expect(found.count == 1)
            #expect(found.first?.isHeld == true && found.first?.isReadable == true)
            #expect(found.first?.description == description)
            #expect(found.first?.packages == [one.id, two.id])
            #expect(found.first?.objects == [generated])
            #expect(try scratch.leases.reap().isEmpty)
            lease.release()
            #expect(try scratch.leases.all().isEmpty)
        }
    }

    @Test("what is not there cannot be pinned")
    func tooLate() throws {
        try withEngineScratch { scratch in
            let unrecorded = try scratch.ingest(SamplePackage(name: "one", files: [("bin/one", noise(40))]))
            for (packages, objects) in [([unrecorded.id], []), ([], [ObjectID(hashing: noise(99))])] {
                do throws(StoreError) {
                    _ = try scratch.leases.take(description, packages: packages, objects: objects)
                    Issue.record("pinned what is not there")
                } catch {
                    guard case .collectedMeanwhile = error else {
                        Issue.record("\(error)")
                        continue
                    }
                }
            }
            #expect(try scratch.leases.all().isEmpty)
            scratch.collector.discard([unrecorded])
        }
    }

    @Test("what a view kept from a collection is no difference once the view has ended")
    func endedSinceTheCollection() throws {
        try withEngineScratch { scratch in
            let (leases, collector) = (scratch.leases, scratch.collector)
            let one = try scratch.add(SamplePackage(name: "one", files: [("bin/one", noise(40))]))
            let needed = Needed(packages: [], objects: [], trees: [])
            let lease = try leases.take(description, packages: [one.id])
            let garbage = try collector.findGarbage(needed)
            #expect(garbage.pinnedPackages == [one.id] && garbage.packages.isEmpty)
            lease.release()
            #expect(try collector.compareWithMark(needed, after: garbage).0.isEmpty)
            // With nothing known of the view it is.
            #expect(try !collector.compareWithMark(needed).0.isEmpty)
        }
    }

    @Test("a lease that nobody holds is stale: it is listed so, and reaped with what it said")
    func stale() throws {
        try withEngineScratch { scratch in
            _ = try scratch.leases.take(description, packages: [])
            // The one let go of above may be in a child that another test was just starting.
            var found = try scratch.leases.all()
            for _ in 0..<2000 where found.first?.isHeld != false {
                usleep(5_000)
                found = try scratch.leases.all()
            }
            #expect(found.map(\.isHeld) == [false])
            let reaped = try scratch.leases.reap()
            #expect(reaped.map(\.description) == [description])
            #expect(try scratch.leases.all().isEmpty)
        }
    }

    @Test("a child that inherits the descriptor holds the lease until it is killed")
    func inherited() throws {
        try withEngineScratch { scratch in
            let child = try startHeir(scratch.leases)
            #expect(try scratch.leases.all().map(\.isHeld) == [true])
            #expect(try scratch.leases.reap().isEmpty)
            child.signal(SIGKILL)
            _ = try child.wait()
            var reaped: [LeaseInformation] = []
            for _ in 0..<2000 where reaped.isEmpty {
                reaped = try scratch.leases.reap()
                usleep(5_000)
            }
            #expect(reaped.map(\.description) == [description])
        }
    }

    /// A lease goes out of scope here, and only the child has its descriptor.
    private func startHeir(_ leases: Leases) throws -> RunningCommand {
        let lease = try leases.take(description, packages: [])
        _ = fcntl(lease.descriptor.raw, F_SETFD, 0)
        defer { _ = fcntl(lease.descriptor.raw, F_SETFD, FD_CLOEXEC) }
        return try Command("sleep", ["60"]).start()
    }

    @Test("who inherits a descriptor adopts the lease, is named as its holder, and can release it")
    func adopted() throws {
        try withEngineScratch { scratch in
            let moss = try Descriptor.openDirectory(scratch.root.appending(".moss"))
            var description = description
            description.process = 1
            let inherited = try scratch.leases.take(description, packages: []).descriptor.duplicate()
            let lease = try Lease.adopt(inherited, below: moss)
            let found = try scratch.leases.all()
            #expect(found.map(\.isHeld) == [true])
            #expect(found.first?.description.process == CurrentProcess.identifier)
            lease.release()
            #expect(try scratch.leases.all().isEmpty)
        }
    }

    @Test("leftovers of a maker that was stopped are neither leases nor kept")
    func leftovers() throws {
        try withEngineScratch { scratch in
            let leases = try Descriptor.openDirectory(scratch.root.appending(".moss/leases"))
            try leases.replaceFile(".new-17", with: Array("mossLease 1\n".utf8))
            #expect(try scratch.leases.all().isEmpty)
            #expect(try scratch.leases.reap().isEmpty)
            #expect(try leases.entries().isEmpty)
        }
    }

    @Test(
        "text that is no lease of this version is reported as unreadable",
        arguments: [
            "", "mossLease 2\n", "mossLease 1\nnonsense\n", "mossLease 1\nobject 12\n", "mossLease 1\npackage x\n",
            "mossLease 1\nfuture x\n", "mossLease 1\nmountpoint %g0\n", "mossLease 1\nmountpoint %4",
        ])
    func unreadable(text: String) throws {
        try withEngineScratch { scratch in
            let leases = try Descriptor.openDirectory(scratch.root.appending(".moss/leases"))
            try leases.replaceFile("17", with: Array(text.utf8))
            // A last line that is still being written is no damage.
            #expect(try scratch.leases.all().map(\.isReadable) == [text.hasSuffix("%4")])
            _ = try scratch.leases.reap()
        }
    }

    @Test("an anonymous lease locks the objects, and its holder can be named")
    func anonymous() throws {
        try withEngineScratch { scratch in
            let objects = try Descriptor.openDirectory(scratch.root.appending(".moss/objects"))
            try holdAnonymously(scratch, objects)
            var isFree = false
            for _ in 0..<2000 where !isFree {
                isFree = try objects.lock(.exclusive)
                if !isFree { usleep(5_000) }
            }
            #expect(isFree)
        }
    }

    private func holdAnonymously(_ scratch: EngineScratch, _ objects: borrowing Descriptor) throws {
        let moss = try Descriptor.openDirectory(scratch.root.appending(".moss"))
        let lease = try Lease.takeAnonymous(below: moss)
        let isAnonymous = lease.isAnonymous
        let isFree = try objects.lock(.exclusive)
        let holders = objects.lockHolders()
        #expect(isAnonymous && !isFree)
        #expect(holders == [CurrentProcess.identifier])
    }
}
