import BytePath
import CollectionIndex
import CollectionSettings
import PackageModel
import Publishing
import StoneFormat
import Testing

/// Two spellings of one letter in collections, and all stones of a directory together.
@Suite struct RepositoriesNamesTests {
    private let composed = "caf\u{e9}"
    private let decomposed = "cafe\u{301}"

    @Test(arguments: [false, true]) func spellingsAreTwoPackages(indexed: Bool) throws {
        try withRepositoryScratch { scratch in
            try scratch.stone(composed, file: "nfc.stone")
            try scratch.stone(decomposed, 2, file: "nfd.stone")
            if indexed {
                #expect(try CollectionIndexer(directory: scratch.stones).writeIndex(options: .fast).packages.count == 2)
            }
            #expect(try scratch.manager.add(scratch.configuration("site")).packageCount == 2)
            let registry = try scratch.manager.registry()
            #expect(try registry.all().map { Array($0.name.utf8) } == [decomposed, composed].map { Array($0.utf8) })
            #expect(try registry.packages(named: composed).map(\.metadata.release) == [1])
            #expect(try registry.packages(named: decomposed).map(\.metadata.release) == [2])
            #expect(try registry.packages(providing: Capability(.name, composed)).count == 1)
            #expect(try registry.search([composed]).count == 1)
            #expect(Set(try registry.offers.targets(of: .name).map { Verbatim($0) }).count == 2)
        }
    }

    @Test func spellingsOfAnAddressAreTwo() throws {
        try withRepositoryScratch { scratch in
            for name in [composed, decomposed] { try scratch.stone("in-\(name)", in: BytePath("stones/\(name)")) }
            let first = try scratch.configuration("site", uri: scratch.stones.appending(composed))
            let second = try scratch.configuration("site", uri: scratch.stones.appending(decomposed))
            _ = try scratch.manager.add(first)
            try scratch.manager.files.store(second)
            // What was read from the other place does not count here.
            #expect(try scratch.manager.registry().unrefreshed.count == 1)
            #expect(try scratch.manager.add(second, replacing: true).isChanged)
        }
    }
}
