import BytePath
import Digests
import PackageModel
import TestSupport
import Testing
import ViewImage

@Suite("Requests for views")
struct ViewRequestTests {
    private func path(_ random: inout SeededGenerator) -> BytePath {
        BytePath(
            bytes: (0..<Int.random(in: 1...40, using: &random)).map { _ in UInt8.random(in: 1...255, using: &random) })
    }

    @Test("every request is the same after its way through a command line")
    func roundTrip() throws {
        var random = SeededGenerator.forTest()
        for _ in 0..<500 {
            let number = { (random: inout SeededGenerator) in Int32.random(in: 0...Int32.max, using: &random) }
            var request = ViewRequest(image: number(&random), root: path(&random), mountpoint: path(&random))
            request.reading = ViewRequest.Reading.allCases.randomElement(using: &random) ?? .automatic
            request.forbidsExecution = Bool.random(using: &random)
            request.allowsOthers = Bool.random(using: &random)
            if Bool.random(using: &random) { request.scratch = path(&random) }
            if Bool.random(using: &random) { request.lease = number(&random) }
            if Bool.random(using: &random) { request.ready = number(&random) }
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
                let digits = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
                let id = try #require(PackageID(hexadecimal: digits))
                request.stones.append(.init(id: id, path: path(&random)))
            }
            #expect(try ViewRequest(arguments: request.arguments) == request)
        }
    }

    @Test(
        "other words are refused",
        arguments: [
            [], ["nonsense"], ["--root"], ["--root", "/", "--mountpoint", "/mnt"], ["--image", "3", "--root", "/"],
            ["--root", "/", "--mountpoint", "/m", "--image", "x"],
            ["--root", "/", "--mountpoint", "/m", "--image", "-1"],
            ["--image", "3", "--root", "/", "--mountpoint", "/m", "--lease", "99999999999"],
            ["--image", "3", "--root", "/", "--mountpoint", "/m", "--ready", ""],
            ["--image", "3", "--root", "/", "--mountpoint", "/m", "--reading", "fast"],
            ["--image", "3", "--root", "/", "--mountpoint", "/m", "--stone", "abc", "/s"],
            ["--image", "3", "--root", "/", "--mountpoint", "/m", "--stone", String(repeating: "0", count: 64)],
        ])
    func malformed(words: [String]) {
        #expect(throws: ViewRequest.Malformed.self) { try ViewRequest(arguments: words.map { BytePath($0) }) }
    }
}
