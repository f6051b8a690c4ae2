internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
internal import LinuxSystem
internal import Signatures
internal import Trust

/// Where passphrases come from.
struct PassphraseOptions: ParsableArguments {
    @Option(
        name: .customLong("passphrase-fd"),
        help: ArgumentHelp("Read passphrases from this open file, a line for each key.", valueName: "number"))
    var descriptor: Int32?

    func source() throws(CommandFailure) -> PassphraseSource { try PassphraseSource(descriptor: descriptor) }
}

/// Whose signatures a command makes.
struct SigningOptions: ParsableArguments {
    @OptionGroup var passphrases: PassphraseOptions

    @Option(help: ArgumentHelp("Sign with this key of yours; can be given several times.", valueName: "name"))
    var key: [String] = []

    @Option(
        help: ArgumentHelp(
            "Sign with the key in this file, which nobody else may read; can be given several times.",
            valueName: "file"))
    var keyFile: [PathArgument] = []

    func validate() throws {
        if key.isEmpty, keyFile.isEmpty { throw ValidationError("name a key to sign with: --key or --key-file") }
    }

    func signer() throws -> Signer {
        var files: [(name: String, key: SecretKeyFile)] = []
        if !key.isEmpty {
            let directory = try KeyDirectory.ofUser()
            for name in key { files.append((name, try directory.load(name))) }
        }
        for file in keyFile { files.append((file.path.display, try KeyDirectory.load(file: file.path))) }
        let source = try passphrases.source()
        return Signer(
            try files.map { file in
                let passphrase = try file.key.isEncrypted ? source.next(for: file.name) : nil
                return try file.key.unlock(file: file.name, passphrase: passphrase)
            })
    }
}

/// What the next set of keys has that the former has not.
struct KeySetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Let this public key sign; a remark may follow behind =.", valueName: "public-key[=remark]"))
    var add: [KeyArgument] = []

    @Option(help: ArgumentHelp("How many keys have to sign.", valueName: "count"))
    var threshold: Int?

    var change: KeySetChange {
        var change = KeySetChange()
        change.added = add.map(\.key)
        change.threshold = threshold
        return change
    }
}

/// A public key on the command line.
struct KeyArgument: ExpressibleByArgument {
    let key: KeySet.Key

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard let first = parts.first, let key = PublicKey(hexadecimal: first) else { return nil }
        self.key = KeySet.Key(key, comment: parts.count > 1 ? String(parts[1]) : nil)
    }
}

extension KeyID: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
}

extension KeyDirectory {
    static func ofUser() throws(TrustError) -> KeyDirectory {
        try KeyDirectory(
            configuration: CurrentProcess.environmentPath("XDG_CONFIG_HOME"),
            home: CurrentProcess.environmentPath("HOME"))
    }
}
