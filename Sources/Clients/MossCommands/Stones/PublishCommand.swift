internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
internal import Downloads
internal import LinuxSystem
internal import Publishing
internal import TerminalOutput

struct PublishCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish", abstract: "Send a published collection into a store of objects that speaks S3.",
        discussion: """
            DIR is what `moss index --publish` made; s3://BUCKET/PREFIX is where it goes. What is there already is not \
            sent again, and what never changes is sent before the pointers to it: stopped anywhere, readers have the \
            old collection or the new one. Files of more than 16 MiB go in parts of 16 MiB, which are given up \
            together. What nothing there names any more stays for the days of --keep. One run at a time publishes \
            into a prefix.

            Keys come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, else from ~/.aws/credentials \
            and ~/.aws/config, of the profile AWS_PROFILE; never from the command line.
            """)
    static let title = "publish"
    static let worksOnRoots = false

    @OptionGroup var global: GlobalOptions

    @OptionGroup var store: StoreOptions

    @Option(help: ArgumentHelp("How long what is there stays when nothing names it any more.", valueName: "days"))
    var keep = 14

    @Flag(help: "Say what would be sent and removed, and change nothing.")
    var dryRun = false

    @Argument(help: "The directory that was published into.")
    var dir: PathArgument

    @Argument(help: "s3://BUCKET/PREFIX")
    var target: String

    func validate() throws {
        guard (0...36500).contains(keep) else { throw ValidationError("--keep takes a number of days") }
    }

    func perform(_ context: CommandContext) throws {
        var options = StorePublisher.Options()
        options.graceSeconds = Int64(keep) * 86400
        options.isDryRun = dryRun
        let publisher = try StorePublisher(
            directory: dir.absolute, into: target, endpoint: store.endpoint, region: store.region,
            try settings(context), options: options)
        let display = ProgressDisplay()
        let sent: StorePublisher.Sent
        do {
            defer { display.finish() }
            sent = try publisher.publish { done, total in
                display.report(ProgressLine("Publishing", done: done, total: total, unit: .bytes))
            }
        }
        for notice in sent.notices { context.note(notice) }
        context.show(PublishReport(sent, dryRun: dryRun))
    }

    /// As for everything that is fetched; where the root has no such file, as if it were empty.
    private func settings(_ context: CommandContext) throws -> DownloadSettings {
        guard let root = try? Descriptor.openDirectory(context.root) else {
            return FetchConfiguration().applying(global.fetching)
        }
        return try FetchConfiguration.load(from: root, at: context.root).applying(global.fetching)
    }
}
