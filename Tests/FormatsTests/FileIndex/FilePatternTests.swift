import BytePath
import FileIndex
import TestSupport
import Testing

@Suite("Patterns of paths")
struct FilePatternTests {
    @Test(
        "what fits",
        arguments: [
            // Without signs, a part of the path.
            ("", "anything", true), ("in/na", "bin/nano", true), ("/usr/bin/nano", "share/bin/nano", true),
            ("bin/nano", "bin/nan", false), ("aab", "aaab", true), ("Nano", "bin/nano", false),
            // With signs and without a slash, the name.
            ("na*", "bin/nano", true), ("na*", "nano", true), ("na*", "nano/x", false), ("n?no", "bin/nano", true),
            ("*.so*", "lib/libz.so.1", true), ("[a-m]ano", "bin/nano", false), ("[!a-m]ano", "bin/nano", true),
            ("*", "a/b/c", true),
            // With a slash, all of the path.
            ("bin/*", "bin/nano", true), ("bin/*", "share/bin/nano", false), ("bin/*", "bin/a/b", false),
            ("/usr/**/b", "a/x/y/b", true), ("**/b", "b", false), ("a/**", "a/b/c", true), ("a/?", "a/b", true),
            ("a?b", "a/b", false), ("*/x*y/*z", "a/xxy/zz", true), ("**a/*b", "ca/xa/yb", true),
            ("a[", "x/a[", true), ("a[*", "x/a[b", true), ("[]]*", "]x", true), ("**/x*/z", "a/xb/c/x/z", true),
            ("**", "a/b", true), ("*/**/*", "a/b/c", true), ("*/**/*", "a/b", false),
        ])
    func table(pattern: String, path: String, fits: Bool) {
        #expect(FilePattern(BytePath(pattern)).matches(Array(path.utf8)) == fits)
    }

    @Test("patterns decide as trying everything does")
    func model() {
        var generator = SeededGenerator.forTest()
        for _ in 0..<20_000 {
            let random = { (signs: [String], count: Int) in
                (0..<Int.random(in: 1...count, using: &generator)).map { _ in
                    signs.randomElement(using: &generator) ?? ""
                }.joined()
            }
            let pattern = random(["a", "b", "/", "*", "**", "?", "[a]", "[!b]"], 7)
            let path = random(["a", "b", "/"], 9)
            // The name alone, and signs in a row, are the pattern's own rules; here only whole paths are of interest.
            guard pattern.contains("/"), !pattern.contains("***"), !pattern.hasPrefix("/usr/"),
                pattern.contains(where: { "*?[".contains($0) })
            else { continue }
            let expected = Self.fits(Array(pattern)[...], Array(path)[...])
            let found = FilePattern(BytePath(pattern)).matches(Array(path.utf8))
            #expect(found == expected, "\(pattern) and \(path)")
        }
    }

    private static func fits(_ pattern: ArraySlice<Character>, _ path: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return path.isEmpty }
        if pattern.starts(with: "**") {
            return (path.startIndex...path.endIndex).contains { fits(pattern.dropFirst(2), path[$0...]) }
        }
        if first == "*" {
            let end = path.firstIndex(of: "/") ?? path.endIndex
            return (path.startIndex...end).contains { fits(pattern.dropFirst(), path[$0...]) }
        }
        guard let next = path.first else { return false }
        switch first {
        case "?": return next != "/" && fits(pattern.dropFirst(), path.dropFirst())
        case "[":
            let isInverted = pattern.dropFirst().first == "!"
            let isRight = isInverted ? next != "b" && next != "/" : next == "a"
            return isRight && fits(pattern.dropFirst(isInverted ? 4 : 3), path.dropFirst())
        default: return next == first && fits(pattern.dropFirst(), path.dropFirst())
        }
    }

    @Test("a pattern's beginning is that of all that fits")
    func literalStart() {
        #expect(FilePattern("/usr/bin/na*").literalStart == Array("bin/na".utf8))
        #expect(FilePattern("na*").literalStart == [])
        #expect(FilePattern("bin/na").literalStart == [])
    }

    @Test("patterns and paths that repeat themselves take no time")
    func repetition() {
        let path = Array(repeating: UInt8(ascii: "a"), count: 4000)
        let stars = String(repeating: "*a", count: 200)
        #expect(!FilePattern(BytePath("\(stars)b/")).matches(path))
        #expect(!FilePattern(BytePath(String(repeating: "a", count: 2000) + "b")).matches(path))
    }
}
