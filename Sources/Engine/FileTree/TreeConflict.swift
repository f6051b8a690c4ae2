package import BytePath

/// Why the packages of a state cannot share one tree. Packages are the numbers the caller composed them under.
package struct TreeConflict: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Both packages have a file or link of this path.
        case samePath
        /// `first` has a file where `second` needs a directory.
        case fileAndDirectory
        /// `second` puts files below the link of `first`, which leads out of `/usr`.
        case linkLeavesTree(target: BytePath)
        /// `second` puts files below the link of `first`, which leads to itself.
        case linkLoop(target: BytePath)
        /// `first` puts something at the tools' own name, by way of a link. `second` is `first`.
        case reservedName
    }

    package let path: BytePath
    package let kind: Kind
    package let first: Int
    package let second: Int

    package init(path: BytePath, kind: Kind, first: Int, second: Int) {
        self.path = path
        self.kind = kind
        self.first = first
        self.second = second
    }
}

/// Why composing failed.
package enum ComposeError: Error, Sendable {
    /// Every conflict there is, ordered by path.
    case conflicts([TreeConflict])
    case tree(TreeError)
    /// More than any real system has; the package it was too much with, and what.
    case tooLarge(package: Int, String)
}
