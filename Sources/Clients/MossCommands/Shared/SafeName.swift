internal import BytePath
internal import CommandLineSupport
internal import PackageModel
internal import StoneFormat

/// File names made of metadata, which anybody may have written.
enum SafeName {
    /// `NAME-VERSION-RELEASE.ARCH`, if that is one harmless component of a path.
    static func directory(of metadata: PackageMetadata) throws(CommandFailure) -> BytePath {
        try checked(metadata.metadataID)
    }

    /// `NAME-VERSION-RELEASE-BUILDRELEASE-ARCH.stone`, under the same condition.
    static func stone(of metadata: PackageMetadata) throws(CommandFailure) -> BytePath {
        try checked(metadata.stoneFileName)
    }

    /// Whether a name somebody else gave is that of a stone and nothing else: no hidden file, nothing in its place that
    /// means something.
    static func isStone(_ name: BytePath) -> Bool {
        let suffix = Array(".stone".utf8)
        return name.count > suffix.count && name.bytes.suffix(suffix.count).elementsEqual(suffix)
            && name.bytes.first != UInt8(ascii: ".") && LayoutPathRule.problem(path: name.bytes) == nil
            && !name.bytes.contains(UInt8(ascii: "/"))
    }

    private static func checked(_ name: String) throws(CommandFailure) -> BytePath {
        if let problem = LayoutPathRule.problem(path: Array(name.utf8)) ?? (name.contains("/") ? "a slash" : nil) {
            throw CommandFailure(
                .failed, code: "invalidInput", "\"\(name)\" cannot be a file name (\(problem)); the package is hostile")
        }
        return BytePath(name)
    }
}
