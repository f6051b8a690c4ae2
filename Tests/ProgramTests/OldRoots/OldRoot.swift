import BytePath
import TestSupport

/// A root made by an earlier version; `tools/old-root` packs them.
enum OldRoot: String, CaseIterable {
    /// Files of states of version 2, a database without a format number.
    case format2 = "format-2"
    /// Files of states of version 3, a database without a format number.
    case format3 = "format-3"

    func unpack(into root: BytePath) throws {
        let archive = BytePath(#filePath).parent.appending(BytePath("\(rawValue).tar.zst"))
        try Command("tar", ["--zstd", "--numeric-owner", "-xf", archive, "-C", root]).runSuccessfully()
    }
}
