internal import ArgumentParser
internal import Installation

struct InstallCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "install", abstract: "Install packages and what they need.",
        discussion: """
            A NAME is the name of a package or something it provides, such as binary(nano) or \
            "soname(libz.so.1(x86_64))". NAME@VERSION or NAME@VERSION-RELEASE takes that version, NAME@COLLECTION \
            the one that this collection holds; the next sync follows the preferred collection again. Installed \
            packages keep their versions where they can; one that came with others may have to go.
            """)
    static let title = "install"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var plan: PlanOptions

    @Argument(help: "Packages to install.")
    var name: [String]

    func perform(_ context: CommandContext) throws {
        try context.carryOut(.install(name), plan)
    }
}
