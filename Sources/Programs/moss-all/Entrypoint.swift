internal import BytePath
internal import Deb2StoneCommands
import Glibc
internal import LinuxSystem
internal import MossCommands
internal import PreviewMount
internal import RemoteStones
internal import Sandbox
internal import Views

/// All programs in one, by the name it is called by: they share most of what is in them.
@main
struct Entrypoint {
    static func main() {
        let name =
            CurrentProcess.commandLine.first?.bytes.split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? []
        switch String(decoding: name, as: UTF8.self) {
        case "deb2stone": exit(Deb2StoneCommands.main())
        case "moss-sandbox": exit(SandboxProgram.main())
        case "moss-view": exit(PreviewMount.main({ try RootCatalogue($0) }, { FetchedStones($0) }))
        default: exit(MossCommands.main())
        }
    }
}
