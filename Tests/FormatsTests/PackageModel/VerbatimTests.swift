import PackageModel
import Testing

/// Two spellings of one letter, which `String` holds for equal.
let composed = "caf\u{e9}"
let decomposed = "cafe\u{301}"

@Suite("Names are bytes")
struct VerbatimTests {
    @Test("texts are told apart, hashed and ordered by bytes")
    func texts() {
        #expect(composed == decomposed)
        #expect(Verbatim(composed) != Verbatim(decomposed) && Verbatim(composed) == Verbatim("caf\u{e9}"))
        #expect(Set([composed, decomposed].map { Verbatim($0) }).count == 2)
        #expect(Verbatim(decomposed) < Verbatim(composed) && !(Verbatim(composed) < Verbatim(decomposed)))
        #expect(Verbatim("Z") < Verbatim("a") && Verbatim("a") < Verbatim("aa"))
        #expect(
            Verbatim([composed]) != Verbatim([decomposed])
                && Verbatim(Optional(composed)) != Verbatim(Optional(decomposed)))
        #expect(Verbatim<String?>(nil) != Verbatim(Optional("")) && Verbatim(["a", "bc"]) != Verbatim(["ab", "c"]))
        #expect(
            [composed, "z", decomposed, "a"].sortedVerbatim(by: { $0 }).map { Array($0.utf8) }
                == ["a", decomposed, composed, "z"].map { Array($0.utf8) })
    }

    @Test("capabilities and metadata with another spelling are others")
    func values() {
        #expect(Capability(.soname, composed) != Capability(.soname, decomposed))
        #expect(Set([Capability(.name, composed), Capability(.name, decomposed)]).count == 2)
        let metadata = PackageMetadata(name: "a", version: "1", release: 1, licenses: ["x"], uri: "u")
        let changes: [WritableKeyPath<PackageMetadata, String>] = [
            \.name, \.version, \.architecture, \.summary, \.description, \.homepage, \.sourceID, \.licenses[0],
        ]
        for change in changes {
            var (one, other) = (metadata, metadata)
            one[keyPath: change] = composed
            other[keyPath: change] = decomposed
            #expect(one != other)
        }
        var (one, other) = (metadata, metadata)
        (one.uri, other.uri) = (composed, decomposed)
        #expect(one != other)
        (one.uri, other.uri) = ("u", "u")
        (one.providers, other.providers) = ([Capability(.name, composed)], [Capability(.name, decomposed)])
        #expect(one != other)
    }

    @Test("searching is by bytes, whatever the case of ASCII letters")
    func search() {
        #expect(TextSearch("NaN").matches("gnu nano") && TextSearch("").matches("") && !TextSearch("x").matches(""))
        #expect(TextSearch(composed).matches("a \(composed)") && !TextSearch(composed).matches("a \(decomposed)"))
        #expect(
            TextSearch("aab").matches("aaab") && TextSearch("abab").matches("abacabab")
                && !TextSearch("aab").matches("abab"))
        // Every short text and word over two letters, against the obvious way.
        let texts = (0..<64).flatMap { bits in
            (0...6).map { count in String((0..<count).map { bits >> $0 & 1 == 0 ? "a" : "b" } as [Character]) }
        }
        for word in Set(texts.filter { $0.count <= 4 }) {
            for text in texts {
                let expected = word.isEmpty || text.indices.contains { text[$0...].hasPrefix(word) }
                #expect(TextSearch(word).matches(text) == expected, "\(word) in \(text)")
            }
        }
    }
}
