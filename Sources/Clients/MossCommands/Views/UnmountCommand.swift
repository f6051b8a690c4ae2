internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
internal import Installation
internal import ViewProcess

struct UnmountCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "umount", abstract: "End a view.", aliases: ["unmount"])
    static let title = "umount"

    @OptionGroup var global: GlobalOptions

    @Flag(help: "At once, even while it is in use: what is open there stays usable until it is closed.")
    var lazy = false

    @Argument(help: "The directory at which the view is.")
    var dir: PathArgument

    func perform(_ context: CommandContext) throws {
        // A view can be ended without its root at hand; then nobody waits for its process. What dead ones have left
        // is not cleared away before: this may be one.
        let installation = try? context.openWithoutCleaning()
        let ending = try ViewProcess.unmount(dir.path, of: installation?.leases, lazily: lazy)
        if let leases = installation?.leases { ViewProcess.cleanUp(leases) }
        context.show(UnmountReport(dir.path, ending))
    }
}
