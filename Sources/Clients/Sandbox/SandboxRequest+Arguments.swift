package import BytePath

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
        var words: [BytePath] = []
        switch lower {
        case .directory(let path): words += ["--lower", path]
        case .provider(let provider):
            words += ["--provider", BytePath("\(provider.arguments.count + 1)"), provider.program] + provider.arguments
            for descriptor in provider.inherited { words += ["--inherit", BytePath("\(descriptor)")] }
            words += ["--timeout", BytePath("\(provider.timeoutSeconds)")]
        }
        if isReadOnly { words.append("--read-only") }
        if let keep { words += ["--keep", keep] }
        words += ["--etc", BytePath(configuration.rawValue)]
        for bind in binds { words += [bind.isReadOnly ? "--bind-ro" : "--bind", bind.source, bind.target] }
        words += ["--directory", workingDirectory]
        if passesEnvironment { words.append("--all-env") }
        for variable in variables { words += ["--env", variable] }
        if !sharesNetwork { words.append("--no-network") }
        if isPrivileged { words.append("--privileged") }
        if let parent { words += ["--parent", BytePath("\(parent)")] }
        return words + ["--"] + command
    }

    /// Reads what ``arguments`` wrote, strictly: anything else is an error.
    package init(arguments: [BytePath]) throws(SandboxError) {
        var words = Words(arguments)
        var inherited: [Int32] = []
        var timeout: Int32?
        var found: Lower?
        self.init(lower: .directory(""), command: [])
        while let option = try words.option() {
            switch option.display {
            case "--lower" where found == nil: found = .directory(try words.next())
            case "--provider" where found == nil: found = .provider(try words.provider())
            case "--inherit": inherited.append(try words.number())
            case "--timeout": timeout = try words.number()
            case "--read-only": isReadOnly = true
            case "--keep": keep = try words.next()
            case "--etc": configuration = try words.configuration()
            case "--bind": binds.append(Bind(try words.next(), to: try words.next()))
            case "--bind-ro": binds.append(Bind(try words.next(), to: try words.next(), isReadOnly: true))
            case "--directory": workingDirectory = try words.next()
            case "--all-env": passesEnvironment = true
            case "--env": variables.append(try words.next())
            case "--no-network": sharesNetwork = false
            case "--privileged": isPrivileged = true
            case "--parent": parent = try words.number()
            default: throw SandboxError(option, "not an option here", advice: Words.advice)
            }
        }
        command = words.rest
        lower = try Self.lower(found, inherited: inherited, timeout: timeout)
        try validate()
    }

    private static func lower(
        _ found: Lower?, inherited: [Int32], timeout: Int32?
    ) throws(SandboxError) -> Lower {
        guard let found else { throw SandboxError("--lower", "is missing", advice: Words.advice) }
        guard case .provider(var provider) = found else {
            guard inherited.isEmpty, timeout == nil else {
                throw SandboxError("--inherit", "only a provider gets descriptors and time", advice: Words.advice)
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

/// Arguments being read from left to right.
private struct Words {
    static let advice = "moss-sandbox is run by moss; both must be of one version"

    private let words: [BytePath]
    private var position = 0

    init(_ words: [BytePath]) {
        self.words = words
    }

    /// What has not been read.
    var rest: [BytePath] { Array(words[position...]) }

    mutating func next() throws(SandboxError) -> BytePath {
        guard position < words.count else {
            throw SandboxError(words.last ?? "", "the arguments end too early", advice: Self.advice)
        }
        position += 1
        return words[position - 1]
    }

    /// The next option's name; nil after the `--` before the command.
    mutating func option() throws(SandboxError) -> BytePath? {
        let word = try next()
        return word == "--" ? nil : word
    }

    mutating func number() throws(SandboxError) -> Int32 {
        let word = try next()
        guard let number = Int32(word.display), number >= 0, BytePath("\(number)") == word else {
            throw SandboxError(word, "not a number", advice: Self.advice)
        }
        return number
    }

    mutating func provider() throws(SandboxError) -> SandboxRequest.Provider {
        let count = Int(try number())
        guard count >= 1, count <= words.count - position else {
            throw SandboxError("--provider", "has fewer words than it says", advice: Self.advice)
        }
        let own = words[position..<(position + count)]
        position += count
        return SandboxRequest.Provider(own[own.startIndex], Array(own.dropFirst()))
    }

    mutating func configuration() throws(SandboxError) -> SandboxRequest.Configuration {
        let word = try next()
        guard let value = SandboxRequest.Configuration(rawValue: word.display) else {
            throw SandboxError(word, "not a kind of /etc", advice: Self.advice)
        }
        return value
    }
}
