import BytePath
import Foundation
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// A package's file that is not what it should be has one code, whichever command finds it.
struct BadStoneTests {
    private enum Flaw: String, CaseIterable {
        case flipped, cut, another
    }

    private func code(_ result: CommandResult) throws -> String? {
        let document = try JSONSerialization.jsonObject(with: Data(result.outputText.utf8)) as? [String: Any]
        if let error = document?["error"] as? [String: Any] { return error["code"] as? String }
        let stones = (document?["data"] as? [String: Any])?["stones"] as? [[String: Any]]
        return stones?.first?["code"] as? String
    }

    @Test(arguments: Flaw.allCases) private func everyCommandCallsItTheSame(flaw: Flaw) throws {
        try withScratchDirectory { scratch in
            let package = systemPackage("bad")
            let root = try CommandRoot(in: scratch, offering: [package])
            let name = BytePath(package.metadata.stoneFileName)
            let stones = try Descriptor.openDirectory(root.stones)
            var bytes = try stones.readFile(name)
            switch flaw {
            case .flipped: bytes[bytes.count - 20] ^= 1
            case .cut: bytes.removeLast(40)
            case .another: bytes = try systemPackage("bad", release: 2, fileCount: 9).stone()
            }
            try stones.replaceFile(name, with: bytes)
            let stone = root.stones.appending(name)
            let out = scratch.appending("out")
            try Descriptor.openDirectory(scratch).makeDirectory("out")
            var commands: [[BytePath]] = [["-y", "install", "bad"], ["fetch", "bad", "-o", out]]
            if flaw != .another { commands += [["inspect", "--check", stone], ["extract", stone, "-o", out]] }
            for command in commands {
                let result = try root.command(["--json"] + command).run()
                #expect(result.end != .exited(0))
                #expect(try code(result) == "invalidStone", "\(command.map(\.display)): \(result.outputText)")
            }
            #expect(try root.states().isEmpty)
        }
    }
}
