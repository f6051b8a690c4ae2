import Digests
import PackageModel

/// The files of a disk after a power cut, as values.
struct DiskImage {
    let history: DiskHistory
    let state: DiskState
    private(set) var entries: [[Int: Int]]
    private var attributes: [Int: FileAttributes] = [:]
    /// The persisted steps that wrote to a file.
    private var writes: [Int: [Int]] = [:]
    /// Steps that were not on disk for sure when the power was cut.
    private let isSure: (Int) -> Bool

    init(_ history: DiskHistory, _ state: DiskState, isSure: @escaping (Int) -> Bool) {
        self.history = history
        self.state = state
        self.isSure = isSure
        entries = history.entries
        for step in history.steps.indices where state[step] {
            switch history.steps[step].change {
            case .entries(let changed):
                for entry in changed { entries[entry.directory][entry.name] = entry.file }
            case .attributes(let file, let new): attributes[file] = new
            case .write(let file, _, _), .truncate(let file, _): writes[file, default: []].append(step)
            }
        }
    }

    func attributes(of file: Int) -> FileAttributes { attributes[file] ?? history.files[file].attributes }

    func hasWrites(_ file: Int) -> Bool { writes[file] != nil }

    /// What tells this content of the file from its others: the steps that made it.
    func contentKey(of file: Int) -> [Int] {
        guard let steps = writes[file] else { return [file] }
        var key = [file] + steps
        if let torn = state.torn, steps.contains(torn.step) { key += [-1, torn.step, torn.byteCount] }
        if state.isZeroed { key += [-2] + steps.filter { !isSure($0) } }
        return key
    }

    func bytes(of file: Int) -> [UInt8] {
        var bytes = history.files[file].bytes
        for step in writes[file] ?? [] {
            switch history.steps[step].change {
            case .truncate(_, let size): Self.resize(&bytes, size)
            case .write(_, let offset, var range):
                if let torn = state.torn, torn.step == step { range = range.prefix(torn.byteCount) }
                let oldCount = bytes.count
                if offset + range.count > bytes.count { Self.resize(&bytes, offset + range.count) }
                var source = range
                // Blocks that were there before keep their old bytes, new ones hold zeros.
                if state.isZeroed && !isSure(step) {
                    source = source.prefix(max(0, min(range.count, oldCount - offset)))
                }
                Self.copy(history.data, source, into: &bytes, at: offset)
            case .entries, .attributes: break
            }
        }
        return bytes
    }

    private static func resize(_ bytes: inout [UInt8], _ size: Int) {
        if size < bytes.count { bytes.removeLast(bytes.count - size) }
        if size > bytes.count { bytes += [UInt8](repeating: 0, count: size - bytes.count) }
    }

    private static func copy(_ data: [UInt8], _ range: Range<Int>, into bytes: inout [UInt8], at offset: Int) {
        if range.isEmpty { return }
        data.withUnsafeBytes { data in
            bytes.withUnsafeMutableBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<(offset + range.count)])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: data[range]))
            }
        }
    }
}

extension Range<Int> {
    fileprivate func prefix(_ count: Int) -> Range<Int> { lowerBound..<Swift.min(upperBound, lowerBound + count) }
}

/// Contents of files by what made them, so that equal ones are computed once.
final class ContentCache {
    private var digests: [[Int]: ObjectID] = [:]

    func digest(of file: Int, in image: DiskImage) -> ObjectID {
        let key = image.contentKey(of: file)
        if let known = digests[key] { return known }
        let digest = ObjectID(hashing: image.bytes(of: file))
        digests[key] = digest
        return digest
    }

    /// A value that equal disks share and different ones do not; nil for what no disk can hold, a directory with two
    /// names. Files that only say who holds a lock do not count.
    func fingerprint(of image: DiskImage) -> ObjectID? {
        var bytes: [UInt8] = []
        var seen: Set<Int> = [0]
        var pending = [0]
        while let directory = pending.popLast() {
            put(image.entries[directory].count, &bytes)
            for (name, file) in image.entries[directory].sorted(by: { $0.key < $1.key }) {
                let text = image.history.names[name]
                if text == "lock" || text == "trees.lock" || text == "lock.mdb" { continue }
                put(name, &bytes)
                let attributes = image.attributes(of: file)
                put(Int(attributes.mode) | Int(attributes.uid) << 16 | Int(attributes.gid) << 40, &bytes)
                switch image.history.files[file].kind {
                case .directory:
                    guard seen.insert(file).inserted else { return nil }
                    put(-1, &bytes)
                    pending.append(file)
                case .symlink: bytes += image.history.files[file].target.utf8
                case .regular: digest(of: file, in: image).append(to: &bytes)
                }
            }
        }
        return ObjectID(hashing: bytes)
    }

    private func put(_ number: Int, _ bytes: inout [UInt8]) {
        withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    }
}
