import BytePath
import LinuxSystem
import TestSupport

/// An operation on a small ext4 that can be copied as often as it is to go wrong.
struct ImageScene {
    let operation: CrashOperation
    private let base: BytePath
    private let scratch: BytePath
    private let mountPoint: BytePath

    struct UnknownOperation: Error {
        let name: String
    }

    /// Runs `body` with the operation of that name, its root prepared.
    static func with(
        _ name: String, on image: LoopFileSystem = LoopFileSystem(sizeMiB: 48), _ body: (ImageScene) throws -> Void
    ) throws {
        guard let operation = CrashOperation.all.first(where: { $0.name == name }) else {
            throw UnknownOperation(name: name)
        }
        try withScratchDirectory(inMemory: true) { scratch in
            try Descriptor.openDirectory(scratch).makeDirectory("mnt")
            let scene = ImageScene(
                operation: operation, base: scratch.appending("base"), scratch: scratch,
                mountPoint: scratch.appending("mnt"))
            try image.make(scene.base)
            try LoopFileSystem.mounted(scene.base, at: scene.mountPoint) { _ in
                try Descriptor.openDirectory(scene.mountPoint).makeDirectory("files")
                _ = try operation.prepare(in: scene.mountPoint.appending("files"))
            }
            try body(scene)
        }
    }

    /// Runs `body` with the root on a fresh copy of the image.
    func copied<R>(_ body: (CommandRoot, LoopFileSystem.Mount) throws -> R) throws -> R {
        // A file of its own each time: a mount that another process's namespace still has writes to the former one.
        let copies = scratch.appending("copies")
        let directory = try Descriptor.openDirectory(scratch)
        try directory.makeDirectory("copies")
        defer { try? directory.removeTree("copies") }
        let copy = copies.appending("image")
        try Command("cp", ["--sparse=always", base, copy]).runSuccessfully()
        return try LoopFileSystem.mounted(copy, at: mountPoint) { mount in
            try body(CommandRoot(at: mountPoint.appending("files")), mount)
        }
    }

    /// How many calls that change files or make them durable a command makes, which must succeed.
    static func callCount(_ root: CommandRoot, _ arguments: [BytePath]) throws -> Int {
        let log = root.path.appending("log")
        let result = try root.traced(["record", "-o", log, "--below", root.root], arguments)
        guard result.end == .exited(0) else {
            throw CommandRoot.Failure(description: "\(result.end): \(result.errorText)")
        }
        let text = String(decoding: try Descriptor.open(log).readAll(), as: UTF8.self)
        return text.split(separator: "\n").count { !$0.hasPrefix("exec ") && !$0.hasPrefix("end ") }
    }
}
