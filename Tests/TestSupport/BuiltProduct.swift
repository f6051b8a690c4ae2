package import BytePath
internal import LinuxSystem

/// The programs of this package as the running tests' build made them.
package enum BuiltProduct: String, CaseIterable, Sendable {
    case callTracer = "call-tracer"
    case corpusGenerator = "corpus-generator"
    case deb2stone
    case hashFiles = "hash-files"
    case linkTree = "link-tree"
    case moss
    case mossFetch = "moss-fetch"
    case mossSandbox = "moss-sandbox"
    case mossView = "moss-view"

    /// Products lie beside the test bundle, which is the program being run.
    package var path: BytePath {
        get throws { try CurrentProcess.executablePath().parent.appending(rawValue) }
    }

    /// The command that runs this product.
    package func command(_ arguments: [BytePath]) throws -> Command {
        try Command(path, arguments)
    }
}

/// The directory of Package.swift.
package let packageRoot: BytePath = BytePath("\(#filePath)").parent.parent.parent
