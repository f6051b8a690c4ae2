internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
internal import Trust

struct KeyCreateCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a key to sign with.",
        discussion: """
            The file is protected by a passphrase. Without one (--unencrypted), for machines that sign by themselves, \
            whoever can read the file can sign.
            """)
    static let title = "key create"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var passphrases: PassphraseOptions

    @Flag(help: "Ask for no passphrase.")
    var unencrypted = false

    @Option(help: "Whose it is, or what for; anybody who reads the file sees it.")
    var comment: String?

    @Argument(help: "What you call it: letters, digits, - and _.")
    var name: String

    func perform(_ context: CommandContext) throws {
        let directory = try KeyDirectory.ofUser()
        // Before anybody thinks of a passphrase.
        _ = try directory.file(name)
        let passphrase = try unencrypted ? nil : passphrases.source().new(for: name)
        let key = try SecretKeyFile(making: name, comment: comment, passphrase: passphrase)
        let path = try directory.add(key, as: name)
        if unencrypted { context.remark("whoever can read \(path) can sign as \(name)") }
        context.show(KeyReport(name, key, PathText(path)))
    }
}
