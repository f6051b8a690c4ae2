internal import ArgumentParser
internal import CommandLineSupport
internal import Trust

struct KeyRevokeCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Take a stolen or lost key out for ever.",
        discussion: """
            Makes the next file of the directory `keys`, as `moss key rotate` does. A revoked key never comes back; one \
            that was removed before can still be revoked.
            """)
    static let title = "key revoke"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var signing: SigningOptions
    @OptionGroup var change: KeySetOptions

    @Argument(help: "The directory of the collection.")
    var dir: PathArgument

    @Argument(help: "The id of the key.")
    var keyID: KeyID

    func perform(_ context: CommandContext) throws {
        var change = change.change
        change.revoked = [keyID]
        let keys = PublishedKeys(dir.path)
        context.show(SignedReport(try keys.change(by: change, collection: nil, signedBy: signing.signer())))
    }
}
