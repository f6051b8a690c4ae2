package import BytePath
package import PackageModel

/// File names made of metadata, which anybody may have written.
package enum SafeName {
    /// A name that means more than a file, or none: the package it is of wants to be somewhere else.
    package struct Hostile: Error, Hashable, Sendable, CustomStringConvertible {
        package let name: String
        package let problem: String

        package var description: String {
            "\"\(name)\" cannot be a file name (\(problem)); the package is hostile"
        }
    }

    /// `NAME-VERSION-RELEASE.ARCH`, if that is one harmless component of a path.
    package static func directory(of metadata: PackageMetadata) throws(Hostile) -> BytePath {
        try checked(metadata.metadataID)
    }

    /// `NAME-VERSION-RELEASE-BUILDRELEASE-ARCH.stone`, under the same condition.
    package static func stone(of metadata: PackageMetadata) throws(Hostile) -> BytePath {
        try checked(metadata.stoneFileName)
    }

    /// Whether a name somebody else gave is that of a stone and nothing else: no hidden file, nothing in its place that
    /// means something.
    package static func isStone(_ name: BytePath) -> Bool {
        let suffix = Array(".stone".utf8)
        return name.count > suffix.count && name.bytes.suffix(suffix.count).elementsEqual(suffix)
            && name.bytes.first != UInt8(ascii: ".") && LayoutPathRule.problem(path: name.bytes) == nil
            && !name.bytes.contains(UInt8(ascii: "/"))
    }

    private static func checked(_ name: String) throws(Hostile) -> BytePath {
        if let problem = LayoutPathRule.problem(path: Array(name.utf8)) ?? (name.contains("/") ? "a slash" : nil) {
            throw Hostile(name: name, problem: problem)
        }
        return BytePath(name)
    }
}
