internal import Digests
internal import FileTree
internal import PackageModel

/// Objects that records name, collected until there are many: looked up in the order of the table, which stays in the
/// processor's cache then, instead of one by one from everywhere in it.
struct NeededObjects {
    struct Need {
        let digest: ObjectID
        let variant: EntryMetadata
        let size: UInt64
        /// The package that needs it, by its place among all; -1 for a state.
        let package: Int32
        let isChosen: Bool
        /// Whether its content has to be there; else only which row it is matters.
        let isNeeded: Bool
        /// Its place in ``FileRows``; -1 of one in a layout.
        let file: Int
        /// How many needs came before it.
        let place: Int
    }

    private static let limit = 1 << 18
    private static let partCount = 256

    private var collected: [Need] = []
    /// How many there were, those that were taken included.
    private(set) var total = 0
    /// Packages that need what is not there.
    var incomplete: Set<Int> = []

    var isFull: Bool { collected.count >= Self.limit }

    mutating func add(
        _ digest: ObjectID, _ variant: EntryMetadata, _ size: UInt64, isChosen: Bool, isNeeded: Bool, package: Int?,
        file: Int?
    ) {
        collected.append(
            Need(
                digest: digest, variant: variant, size: size, package: package.map(Int32.init(clamping:)) ?? -1,
                isChosen: isChosen, isNeeded: isNeeded, file: file ?? -1, place: total))
        total += 1
    }

    /// All of them, ascending by the first byte of their digests, which is enough to stay within a small part of the
    /// table; they are forgotten here.
    mutating func takeInOrderOfDigests() -> [Need] {
        defer { collected.removeAll(keepingCapacity: true) }
        var starts = [Int](repeating: 0, count: Self.partCount + 1)
        for need in collected { starts[Self.part(need) + 1] += 1 }
        for part in 0..<Self.partCount { starts[part + 1] += starts[part] }
        return [Need](unsafeUninitializedCapacity: collected.count) { buffer, count in
            for need in collected {
                let part = Self.part(need)
                // Each place between the parts' starts is taken exactly once.
                buffer.initializeElement(at: starts[part], to: need)
                starts[part] += 1
            }
            count = collected.count
        }
    }

    private static func part(_ need: Need) -> Int { Int(need.digest.high >> 56) }
}
