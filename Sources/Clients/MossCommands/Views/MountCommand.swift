internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
internal import GarbageCollection
internal import Installation
internal import LinuxSystem
internal import ViewImage
internal import ViewProcess

struct MountCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "mount", abstract: "Show a state, or one that does not exist yet, as a read-only file system.",
        usage: """
            moss mount <state> <dir>
            moss mount --candidate 'install <name> ...' <dir>
            moss mount --all <dir>
            moss mount --list
            """,
        discussion: """
            Runs in the background and returns once the view answers; moss umount ends it. A state is a number or \
            'active'. A candidate is what install, remove and sync would make of the active state; what it needs and \
            the store lacks is unpacked beside the root, and goes away with the view; with --lazy once somebody opens \
            it, and of packages on servers only the parts that are opened are fetched. The top of the view is what is \
            /usr in the root.

            With --all the directory has states/<number>/usr, active, packages/<name>-<version>/usr, and \
            diff/<a>..<b> with what is added, removed and changed between two states. What comes later appears there \
            as well; a state is kept for the view once somebody has entered it.

            Options are those of mount(8) that make sense for a view: noexec and exec; allow_other, for an ordinary \
            user's view; ro, nosuid, nodev and default_permissions, which always hold; and those that say when to mount. \
            Others are refused.
            """)
    static let title = "mount"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var view: ViewOptions

    @Option(help: ArgumentHelp("Show what this would make of the active state; may be repeated.", valueName: "change"))
    var candidate: [String] = []

    @Flag(help: "Show all states and packages, and what separates states.")
    var all = false

    @Option(
        name: [.customShort("o"), .customLong("options")],
        help: ArgumentHelp("Options as of mount(8), with commas between them; may be repeated.", valueName: "list"))
    var options: [String] = []

    @Flag(help: "List the views of this root.")
    var list = false

    @Flag(help: "Serve the view here and now, and print its statistics at the end.")
    var foreground = false

    @Argument(help: "The state, unless --candidate is given, and the directory to show it at.")
    var words: [String] = []

    func validate() throws {
        if list {
            guard words.isEmpty, candidate.isEmpty, options.isEmpty, !all else {
                throw ValidationError("--list stands alone")
            }
            return
        }
        guard candidate.isEmpty || !all else { throw ValidationError("--all shows no candidate: mount that apart") }
        do throws(MountOptions.Refused) {
            _ = try mountOptions
        } catch {
            throw ValidationError("\(error)")
        }
        let expected = candidate.isEmpty && !all ? 2 : 1
        guard words.count == expected else {
            throw ValidationError(
                expected == 2 ? "name a state and a directory, as in: moss mount 3 /mnt" : "name one directory")
        }
        if expected == 2, StateReference(argument: words[0]) == nil {
            throw ValidationError("'\(words[0])' is no state: give its number or name, or 'active'")
        }
    }

    private var mountOptions: MountOptions {
        get throws(MountOptions.Refused) { try MountOptions(options.joined(separator: ",")) }
    }

    func perform(_ context: CommandContext) throws {
        let installation = try context.openForReading()
        if list {
            context.show(ViewListReport(try ViewProcess.list(installation.leases)))
            return
        }
        let place = try Mountpoint(ArgumentText.path(words[words.count - 1]))
        if all {
            try mountAll(installation, at: place, context)
        } else {
            try mountOne(installation, at: place, context)
        }
    }

    private func mountOne(_ installation: Installation, at place: Mountpoint, _ context: CommandContext) throws {
        let options = try mountOptions
        let subject = try ViewSubject(state: words[0], candidate: candidate, in: installation)
        let progress = ChangeProgress()
        let prepared = try installation.prepareView(of: subject, at: place.path, lazily: view.lazy) {
            progress.report($0)
        }
        progress.finish()
        if foreground {
            let request = ViewProcess.request(for: prepared, root: context.root, at: place.path, view.reading, options)
            try serve(request, inheriting: prepared.descriptors)
            return
        }
        var report = MountReport(prepared, at: place.path)
        report.note(
            try ViewProcess.start(prepared, root: context.root, at: place, reading: view.reading, options))
        context.show(report)
    }

    private func mountAll(_ installation: Installation, at place: Mountpoint, _ context: CommandContext) throws {
        let options = try mountOptions
        let lease = try installation.takeLease(at: place.path)
        if foreground {
            let request = ViewProcess.request(forAllOf: context.root, lease, at: place.path, view.reading, options)
            try serve(request, inheriting: [lease.descriptor.raw])
            return
        }
        var report = MountAllReport(states: try installation.states().count, at: place.path)
        report.note(try ViewProcess.startAll(of: context.root, lease, at: place, reading: view.reading, options))
        context.show(report)
    }

    private func serve(_ request: ViewRequest, inheriting: [Int32]) throws {
        let status = try ViewProcess.serve(request, inheriting: inheriting)
        // The view has said itself what was wrong.
        if status != 0 { throw CommandFailure(.failed, code: "failed", "the view ended with status \(status)") }
    }
}
