import BytePath
import Digests
import PackageModel
import Testing
import Views

/// The names of packages in a view of everything, whatever packages call themselves.
@Suite struct PackageNamesTests {
    private func id(_ start: String) throws -> PackageID {
        try #require(PackageID(hexadecimal: start + String(repeating: "0", count: 64 - start.count)))
    }

    private func names(_ packages: [(String, BytePath)]) throws -> [BytePath: PackageID] {
        let named = try packages.map { (id: try id($0.0), name: $0.1) }
        let names = PackageNames(named)
        // Every package has one name, and every name is one that a file can have.
        #expect(names.names.count == packages.count)
        #expect(Set(names.names.compactMap { names[$0] }) == Set(named.map(\.id)))
        for name in names.names {
            #expect(!name.isEmpty && name.count <= 255 && name != "." && name != "..")
            #expect(!name.bytes.contains { $0 < 32 || $0 == 127 || $0 == UInt8(ascii: "/") })
        }
        return Dictionary(uniqueKeysWithValues: names.names.compactMap { name in names[name].map { (name, $0) } })
    }

    @Test func plainOnesStayAsTheyAre() throws {
        #expect(try names([("aa", "bash-5.2-1"), ("bb", "jq-1.7-3")])["bash-5.2-1"] == id("aa"))
        let long = BytePath(bytes: Array(repeating: 120, count: 255))
        #expect(try names([("aa", long)])[long] == id("aa"))
    }

    @Test func equalOnesGetDigitsOfTheirIds() throws {
        let names = try names([("aa", "a-1-1"), ("bb", "a-1-1"), ("cc", "b-1-1")])
        #expect(Set(names.keys) == ["a-1-1-aa000000", "a-1-1-bb000000", "b-1-1"])
    }

    @Test func longOnesAreCut() throws {
        let long = BytePath(bytes: Array(repeating: 49, count: 5000))
        let other = BytePath(bytes: Array(repeating: 49, count: 256))
        let names = try names([("aa", long), ("bb", other), ("cc", "c-1-1")])
        #expect(names.keys.filter { $0.count == 255 }.count == 2)
        // Not in the middle of a letter.
        let letters = BytePath("x" + String(repeating: "é", count: 300))
        let cut = try #require(try self.names([("aa", letters)]).keys.first)
        #expect(String(validating: cut.bytes, as: UTF8.self) != nil && cut.display.hasSuffix("é-aa000000"))
    }

    @Test func whatNoFileCanBeCalledIsChanged() throws {
        let odd: [(String, BytePath)] = [
            ("aa", "a/../b-1-1"), ("ab", ".."), ("ac", "."), ("ad", ""), ("ae", "a\u{0}b"), ("af", "a\u{1b}[31m\n"),
            ("b0", "/etc/passwd"), ("b1", BytePath(bytes: [0xff, 0xfe])), ("b2", "a_.._b-1-1"),
        ]
        let names = try names(odd)
        #expect(names["a_.._b-1-1"] == (try id("b2")))
        #expect(names["a_.._b-1-1-aa000000"] == (try id("aa")))
    }

    @Test func namesMadeAfterTheIdsOfOthersTakeNothingAway() throws {
        var packages: [(String, BytePath)] = [("aa", "a-1"), ("bb", "a-1")]
        let digits = try id("aa").hexadecimal
        for (index, count) in [8, 16, 32, 64].enumerated() {
            packages.append(("c\(index)", BytePath("a-1-\(digits.prefix(count))")))
        }
        packages.append(("cf", BytePath("a-1-\(digits)-2")))
        #expect(try names(packages)[BytePath("a-1-\(digits)-3")] == id("aa"))
    }
}
