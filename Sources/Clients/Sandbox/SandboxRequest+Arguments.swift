package import BytePath
internal import HelperProcess

/// The request as the arguments of `moss-sandbox`, and back.
///
///     (--lower DIR | --provider COUNT PROGRAM ARGUMENT…) [--inherit FD]… [--timeout SECONDS]
///     [--read-only] [--keep DIR] [--etc host|empty] [--bind HOST INSIDE]… [--bind-ro HOST INSIDE]…
///     [--directory DIR] [--all-env] [--env NAME=VALUE]… [--no-network] [--privileged] [--parent PID]
///     -- COMMAND ARGUMENT…
///
/// COUNT is the number of the provider's words, its name included.
extension SandboxRequest {
    package var arguments: [BytePath] {
        var words = HelperArguments()
        switch lower {
        case .directory(let path): words.add("--lower", path)
        case .provider(let provider):
            words.add("--provider", number: Int32(clamping: provider.arguments.count + 1))
            words.add(provider.program, provider.arguments)
            for descriptor in provider.inherited { words.add("--inherit", number: descriptor) }
            words.add("--timeout", number: provider.timeoutSeconds)
        }
        words.add("--read-only", if: isReadOnly)
        words.add("--keep", path: keep)
        words.add("--etc", choice: configuration)
        for bind in binds { words.add(bind.isReadOnly ? "--bind-ro" : "--bind", bind.source, bind.target) }
        words.add("--directory", workingDirectory)
        words.add("--all-env", if: passesEnvironment)
        for variable in variables { words.add("--env", variable) }
        words.add("--no-network", if: !sharesNetwork)
        words.add("--privileged", if: isPrivileged)
        words.add("--parent", number: parent)
        words.add("--", command)
        return words.words
    }

    /// Reads what ``arguments`` wrote, strictly: anything else is an error.
    package init(arguments: [BytePath]) throws(SandboxError) {
        self.init(lower: .directory(""), command: [])
        do throws(HelperArgumentReader.Malformed) {
            try read(HelperArgumentReader(arguments))
        } catch {
            throw SandboxError(error.word, error.cause, advice: Self.argumentAdvice)
        }
        try validate()
    }

    private static let argumentAdvice = "moss-sandbox is run by moss; both must be of one version"

    private mutating func read(_ arguments: HelperArgumentReader) throws(HelperArgumentReader.Malformed) {
        var words = arguments
        var inherited: [Int32] = []
        var timeout: Int32?
        var found: Lower?
        while let option = words.next(), option != "--" {
            switch option {
            case "--lower" where found == nil: found = .directory(try words.value(of: option))
            case "--provider" where found == nil:
                let own = try words.values(of: option, count: Int(try words.number(of: option)))
                guard let program = own.first else {
                    throw HelperArgumentReader.Malformed(option, "has fewer words than it says")
                }
                found = .provider(Provider(program, Array(own.dropFirst())))
            case "--inherit": inherited.append(try words.number(of: option))
            case "--timeout": timeout = try words.number(of: option)
            case "--read-only": isReadOnly = true
            case "--keep": keep = try words.value(of: option)
            case "--etc": configuration = try words.choice(of: option)
            case "--bind", "--bind-ro":
                let places = try words.values(of: option, count: 2)
                binds.append(Bind(places[0], to: places[1], isReadOnly: option == "--bind-ro"))
            case "--directory": workingDirectory = try words.value(of: option)
            case "--all-env": passesEnvironment = true
            case "--env": variables.append(try words.value(of: option))
            case "--no-network": sharesNetwork = false
            case "--privileged": isPrivileged = true
            case "--parent": parent = try words.number(of: option)
            default: throw HelperArgumentReader.Malformed(option, "is not an option here")
            }
        }
        command = words.rest
        lower = try Self.lower(found, inherited: inherited, timeout: timeout)
    }

    private static func lower(
        _ found: Lower?, inherited: [Int32], timeout: Int32?
    ) throws(HelperArgumentReader.Malformed) -> Lower {
        guard let found else { throw HelperArgumentReader.Malformed("--lower", "is missing") }
        guard case .provider(var provider) = found else {
            guard inherited.isEmpty, timeout == nil else {
                throw HelperArgumentReader.Malformed("--inherit", "is for providers, as --timeout is")
            }
            return found
        }
        provider.inherited = inherited
        provider.timeoutSeconds = timeout ?? provider.timeoutSeconds
        return .provider(provider)
    }

    /// Refuses what cannot work, before anything is made.
    package func validate() throws(SandboxError) {
        guard let program = command.first, !program.isEmpty else {
            throw SandboxError("", "no command to run", advice: "name one after --")
        }
        switch lower {
        case .directory(let path): try Self.demandAbsolute(path)
        case .provider(let provider):
            try Self.demandAbsolute(provider.program)
            for descriptor in provider.inherited where descriptor < 3 {
                throw SandboxError(BytePath("\(descriptor)"), "standard streams are no descriptors to hand on")
            }
        }
        if let keep { try Self.demandAbsolute(keep) }
        if keep != nil && isReadOnly {
            throw SandboxError("", "a read-only /usr has no changes to keep", advice: "choose one of the two")
        }
        try Self.demandAbsolute(workingDirectory)
        for bind in binds {
            try Self.demandAbsolute(bind.source)
            try Self.demandAbsolute(bind.target)
            guard !bind.target.components.isEmpty,
                !bind.target.components.contains(where: { $0.elementsEqual("..".utf8) })
            else { throw SandboxError(bind.target, "not a place below the sandbox's root") }
        }
        for variable in variables where variable.bytes.firstIndex(of: UInt8(ascii: "=")) ?? 0 == 0 {
            throw SandboxError(variable, "not of the form NAME=value")
        }
        try refuseNULs()
    }

    private func refuseNULs() throws(SandboxError) {
        for word in arguments where word.bytes.contains(0) {
            throw SandboxError(word, "contains a NUL byte")
        }
    }

    private static func demandAbsolute(_ path: BytePath) throws(SandboxError) {
        guard path.isAbsolute else { throw SandboxError(path, "not an absolute path", advice: "begin it with a slash") }
    }
}
