package import ArgumentParser
package import BytePath
internal import LinuxSystem

/// A path on the command line.
package struct PathArgument: ExpressibleByArgument {
    package let path: BytePath

    package init(_ path: BytePath) {
        self.path = path
    }

    package init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        path = ArgumentText.path(argument)
    }

    package var defaultValueDescription: String { path.display }

    package static var defaultCompletionKind: CompletionKind { .file() }

    /// The path from the root of the file system.
    package var absolute: BytePath {
        path.isAbsolute ? path : CurrentProcess.workingDirectory.appending(path)
    }
}
