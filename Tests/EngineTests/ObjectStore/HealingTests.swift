import BytePath
import Digests
import FileTree
import LinuxSystem
import ObjectStore
import PackageCatalog
import PackageModel
import States
import TestSupport
import Testing

@Suite("Stored objects that went bad")
struct HealingTests {
    enum Damage: CaseIterable { case flipFirst, flipLast, truncate, empty, extend, delete, zeros, unreadable }

    private func damage(_ scratch: EngineScratch, _ path: BytePath, _ damage: Damage) throws {
        let moss = try Descriptor.openDirectory(scratch.root.appending(".moss"))
        let bytes = try moss.readFile(path)
        let status = try moss.status(of: path)
        var changed = bytes
        switch damage {
        case .flipFirst: changed[0] ^= 1
        case .flipLast: changed[bytes.count - 1] ^= 1
        case .truncate: changed.removeLast(bytes.count / 2)
        case .empty: changed = []
        case .extend: changed += [1, 2, 3]
        case .zeros: changed = [UInt8](repeating: 0, count: bytes.count)
        case .delete:
            try moss.unlink(path)
            return
        case .unreadable:
            // Opening it fails, because of the file itself.
            try moss.unlink(path)
            try moss.makeSymlink(path, to: "/dev/null")
            return
        }
        // In place, as a bad disk does it.
        try moss.setMode(0o600, of: path)
        let file = try moss.open(path, [.write, .truncate])
        try file.write(changed)
        try file.setMode(status.permissions)
        try file.setModificationTime(ObjectStore.objectTime)
    }

    @Test("ingesting the package again puts them right", arguments: Damage.allCases, [1000, 3 << 20])
    func heals(kind: Damage, size: Int) throws {
        try withEngineScratch { scratch throws in
            var package = SamplePackage(name: "p")
            let bytes = noise(size)
            package.add(file: "a", bytes)
            package.add(file: "b", noise(77, seed: 3))
            try scratch.add(package)
            let path = EngineScratch.objectPath(ObjectID(hashing: bytes), .plainFile)
            try damage(scratch, path, kind)
            #expect(try !scratch.complaints().isEmpty)
            _ = try scratch.ingest(package)
            #expect(try scratch.complaints().isEmpty)
            #expect(try scratch.unrecordedFiles().isEmpty)
        }
    }

    @Test("every variant that the package asks for is put right", arguments: Damage.allCases)
    func healsVariants(kind: Damage) throws {
        let variants = [UInt32(0o444), 0o555, 0o4555].map { EntryMetadata(mode: $0) }
        for bad in variants {
            try withEngineScratch { scratch throws in
                let bytes = noise(1000)
                var package = SamplePackage(name: "p")
                package.add(file: "a", bytes)
                package.add(file: "b", bytes, mode: 0o755)
                package.add(file: "c", bytes, mode: 0o4755)
                try scratch.add(package)
                try damage(scratch, EngineScratch.objectPath(ObjectID(hashing: bytes), bad), kind)
                _ = try scratch.ingest(package)
                #expect(try scratch.complaints().isEmpty, "\(bad)")
            }
        }
    }

    @Test("another package's variant of a damaged object is made from what arrives")
    func healsForOthers() throws {
        try withEngineScratch { scratch throws in
            let bytes = noise(1000)
            try scratch.add(SamplePackage(name: "p", files: [("a", bytes)]))
            try damage(scratch, EngineScratch.objectPath(ObjectID(hashing: bytes), .plainFile), .flipLast)
            var other = SamplePackage(name: "q")
            other.add(file: "b", bytes, mode: 0o755)
            try scratch.add(other)
            #expect(try scratch.complaints().isEmpty)
        }
    }

    @Test("an object that was written before a stop and never synced is written again")
    func healsUnrecorded() throws {
        try withEngineScratch { scratch throws in
            let bytes = noise(1000)
            let package = SamplePackage(name: "p", files: [("a", bytes)])
            _ = try scratch.ingest(package)
            try damage(scratch, EngineScratch.objectPath(ObjectID(hashing: bytes), .plainFile), .zeros)
            try scratch.add(package)
            #expect(try scratch.objects.readObject(ObjectID(hashing: bytes)) == bytes)
        }
    }

    @Test("a generated file is verified when it is there already")
    func generated() throws {
        try withEngineScratch { scratch throws in
            let bytes = Array("NAME=x\n".utf8)
            let digest = try scratch.objects.addObject(bytes, EntryMetadata(mode: 0o444))
            #expect(digest == ObjectID(hashing: bytes))
            #expect(try scratch.objects.readObject(digest) == bytes)
            let inode = try scratch.objectStatus(digest)?.inode
            #expect(try scratch.objects.addObject(bytes, EntryMetadata(mode: 0o444)) == digest)
            #expect(try scratch.objectStatus(digest)?.inode == inode)
            try damage(scratch, EngineScratch.objectPath(digest, .plainFile), .flipFirst)
            #expect(throws: StoreError.self) { try scratch.objects.readObject(digest) }
            _ = try scratch.objects.addObject(bytes, EntryMetadata(mode: 0o444))
            #expect(try scratch.objects.readObject(digest) == bytes)
            #expect(try scratch.objects.addObject([], .plainFile) == .ofNothing)
        }
    }

    @Test("owners are recorded only, where they are not to be applied")
    func recordedOwners() throws {
        try withScratchDirectory { path in
            let scratch = try EngineScratch(path, ownership: .recorded)
            let bytes = noise(100)
            var package = SamplePackage(name: "p")
            package.add(file: "mine", bytes)
            package.add(
                LayoutEntry(path: "theirs", kind: .regular(ObjectID(hashing: bytes)), mode: 0o100644, uid: 3, gid: 4))
            let record = try scratch.add(package)
            #expect(record.objects.values.first?.variants == [.plainFile])
            #expect(try scratch.objectFiles().count == 1)
            #expect(try scratch.complaints().isEmpty)
            let owned = try record.layout.entries().first { $0.entry.name == "theirs" }
            #expect(owned?.entry.metadata == EntryMetadata(mode: 0o444, uid: 3, gid: 4))
        }
    }
}
