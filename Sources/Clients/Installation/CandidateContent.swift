internal import BytePath
internal import Digests
internal import FileTree
internal import LinuxSystem
internal import ObjectStore
internal import PackageCatalog
internal import PackageModel
internal import Scratch
internal import ViewImage
internal import ViewProcess

/// Where the bytes of a candidate come from that the store does not have, while its view is being prepared.
struct CandidateContent: ~Copyable {
    let arrivals: [Plan.Arrival]
    private let lazily: Bool
    private var scratch: ScratchDirectory?
    /// Open once something was unpacked.
    var scratchStore: ObjectStore?
    /// Objects that are not taken from the store.
    var sources: [ObjectID: UInt32] = [:]
    private(set) var stones: [ViewRequest.Stone] = []
    /// Objects of the store that no package has.
    var generated: [ObjectID] = []

    init(_ candidate: ComposedCandidate, lazily: Bool) {
        arrivals = candidate.arrivals
        self.lazily = lazily
        scratch = nil
        scratchStore = nil
    }

    /// The view's own directory, made when first needed.
    mutating func makeScratch() throws(StoreError) -> BytePath {
        if let path = scratch?.path { return path }
        do throws(SystemError) {
            let made = try ScratchDirectory.make(for: .view)
            let path = made.path
            scratch = consume made
            return path
        } catch {
            throw .system(error)
        }
    }

    /// Which packages to unpack now, large ones first, and which when they are needed.
    ///
    /// - Parameter mustBeHere: what can only be had now.
    func divided(
        _ mustBeHere: (Plan.Arrival) throws(InstallationError) -> Bool
    ) throws(InstallationError) -> (now: [Plan.Arrival], later: [Plan.Arrival]) {
        var later: [Plan.Arrival] = []
        var now: [Plan.Arrival] = []
        for arrival in arrivals {
            let waits = lazily ? try !mustBeHere(arrival) : false
            if waits { later.append(arrival) } else { now.append(arrival) }
        }
        return (now.sorted { $0.record.contentBytes > $1.record.contentBytes }, later)
    }

    /// Notes a file that was made of the tree: an object of the store if that has it, else of the view's own.
    mutating func add(_ file: GeneratedFile, _ objects: ObjectStore) throws(StoreError) {
        if (try? objects.readObject(file.object)) != nil { return generated.append(file.object) }
        let path = try makeScratch()
        if scratchStore == nil { scratchStore = try ObjectStore(scratchAt: path) }
        _ = try scratchStore?.addObject(file.bytes, .plainFile)
        sources[file.object] = ViewRequest.scratchSource
    }

    mutating func `defer`(_ arrival: Plan.Arrival, to stone: ViewRequest.Stone) {
        note(arrival, in: ViewRequest.firstStoneSource + UInt32(stones.count))
        stones.append(stone)
    }

    /// Notes where a package's objects are. What is unpacked already wins: it costs nothing more.
    mutating func note(_ arrival: Plan.Arrival, in source: UInt32) {
        for digest in arrival.record.objects.keys where sources[digest] ?? .max > source { sources[digest] = source }
    }

    /// Gives the directory away, if there is one.
    mutating func takeScratch() -> ScratchDirectory? { scratch.take() }
}
