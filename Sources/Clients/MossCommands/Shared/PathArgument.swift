internal import ArgumentParser
internal import BytePath
internal import LinuxSystem

/// A path on the command line.
struct PathArgument: ExpressibleByArgument {
    let path: BytePath

    init(_ path: BytePath) {
        self.path = path
    }

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        path = ArgumentText.path(argument)
    }

    var defaultValueDescription: String { path.display }

    static var defaultCompletionKind: CompletionKind { .file() }

    /// The path from the root of the file system.
    var absolute: BytePath {
        path.isAbsolute ? path : CurrentProcess.workingDirectory.appending(path)
    }
}
