import BytePath
import LinuxSystem
import PackageModel
import Solver

/// Working out changes in memory: 20,000 packages on offer, 2,000 of them installed.
struct SolveFigures {
    var rounds: Int

    private static let offered = 20_000
    private static let installed = 2_000

    func table() throws -> Report.Table {
        let world = SolvedWorld(offered: Self.offered, installed: Self.installed)
        var table = Report.Table(title: "Solve: \(Self.offered) packages on offer, \(Self.installed) installed")
        let before = Self.residentMebibytes()
        var change = Resolution()
        table.rows.append(
            .init(name: "install of one package", seconds: try time { change = try world.install() }, goal: 0.1))
        let install = change.additions.count
        table.rows.append(.init(name: "sync, all new", seconds: try time { change = try world.sync() }, goal: 0.3))
        let sync = change.additions.count
        table.rows.append(
            .init(
                name: "sync, one in a hundred broken", seconds: try time { change = try world.syncBroken() }, goal: 0.3)
        )
        let kept = change.keptBack.count
        table.rows.append(.init(name: "refusal, explained", seconds: try time { try world.refuse() }, goal: 0.1))
        Report.begin(
            "\(install) packages come with the install, \(sync) with the sync, \(kept) are kept back; resident were"
                + " \(before) MiB with the tables, at most \(Self.residentMebibytes()) MiB since")
        return table
    }

    private func time(_ work: () throws -> Void) throws -> [Double] {
        try work()
        return try (0..<rounds).map { _ in
            let start = monotonicNanoseconds()
            try work()
            return Double(monotonicNanoseconds() - start) / 1e9
        }
    }

    /// The most that this process had in memory at once.
    private static func residentMebibytes() -> Int {
        let text = (try? Descriptor.openDirectory("/proc/self").readFile("status")) ?? []
        let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) } ?? 0) / 1024
    }
}

/// A distribution in two releases, made from a fixed seed: every package needs up to eight that come before it, mostly
/// well-known ones, one dependency in ten has three providers, and one package in fifty conflicts with another.
private struct SolvedWorld {
    private var random = Numbers(state: 7)
    private let state: InstalledTable
    private var new = OfferTable()
    private var broken = OfferTable()
    private var impossible = OfferTable()
    /// A package that is not installed, can be, and brings others.
    private var wanted = Capability(.name, "")

    init(offered: Int, installed: Int) {
        var former = OfferTable()
        for number in 0..<offered {
            let shape = Shape(number, &random)
            former.insert(shape.package(release: 1, isBroken: false), priority: 0)
            new.insert(shape.package(release: 2, isBroken: false), priority: 0)
            broken.insert(shape.package(release: 2, isBroken: number % 100 == 50), priority: 0)
        }
        // Packages one after the other, until there are enough.
        var selections: [Selection] = []
        var number = 0
        while selections.count < installed {
            number += 7
            let solver = DependencySolver(installed: Self.table(selections, former), available: former)
            guard let resolution = try? solver.install([Capability(.name, "p\(number % offered)")]) else { continue }
            selections = resolution.applied(to: selections)
        }
        state = Self.table(selections, former)
        let solver = DependencySolver(installed: state, available: new)
        let names = (0..<offered).reversed().lazy.map { Capability(.name, "p\($0)") }
        wanted = names.first { ((try? solver.install([$0]))?.additions.count ?? 0) >= 10 } ?? wanted
        addImpossible()
    }

    private static func table(_ selections: [Selection], _ offers: OfferTable) -> InstalledTable {
        InstalledTable(
            selections.compactMap { selection in
                offers.package(selection.package).map { ($0, selection.isExplicit) }
            })
    }

    func install() throws -> Resolution {
        try DependencySolver(installed: state, available: new).install([wanted])
    }

    func sync() throws -> Resolution { try DependencySolver(installed: state, available: new).sync() }
    func syncBroken() throws -> Resolution { try DependencySolver(installed: state, available: broken).sync() }

    /// Asks for a package that needs something that nobody has.
    func refuse() throws {
        _ = try? DependencySolver(installed: state, available: impossible).install([Capability(.name, "impossible")])
    }

    private mutating func addImpossible() {
        impossible = new
        impossible.insert(
            PackageSummary(
                id: packageID("impossible"),
                metadata: PackageMetadata(
                    name: "impossible", version: "1", release: 1,
                    dependencies: [wanted, Capability(.soname, "libgone.so.1")])),
            priority: 0)
    }

    private struct Shape {
        let number: Int
        var dependencies: [Capability] = []
        var providers: [Capability] = []
        var conflicts: [Capability] = []

        init(_ number: Int, _ random: inout Numbers) {
            self.number = number
            providers = [Capability(.soname, "lib\(number).so.1(x86_64)"), Capability(.binary, "tool\(number / 3)")]
            guard number > 10 else { return }
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                let reach = Bool.random(using: &random) ? min(number, 200) : number
                let other = Int.random(in: 0..<reach, using: &random)
                dependencies.append(
                    Int.random(in: 0..<10, using: &random) == 0
                        ? Capability(.binary, "tool\(other / 3)") : Capability(.soname, "lib\(other).so.1(x86_64)"))
            }
            if Int.random(in: 0..<50, using: &random) == 0 {
                conflicts = [Capability(.name, "p\(Int.random(in: 0..<20_000, using: &random))")]
            }
        }

        func package(release: UInt64, isBroken: Bool) -> PackageSummary {
            PackageSummary(
                id: packageID("p\(number)-\(release)-\(isBroken)"),
                metadata: PackageMetadata(
                    name: "p\(number)", version: "1.\(release)", release: release,
                    dependencies: isBroken ? dependencies + [Capability(.name, "gone")] : dependencies,
                    providers: providers, conflicts: conflicts))
        }

    }

    /// Random numbers that are the same every time (SplitMix64).
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }
}

private func packageID(_ text: String) -> PackageID {
    Array(text.utf8).withUnsafeBytes { PackageID(hashing: $0) }
}
