import Glibc
import LinuxSystem
import PreviewMount
import Views

/// Serves a view until it is unmounted.
@main
enum Entrypoint {
    static func main() {
        CurrentProcess.prepare()
        CurrentProcess.setFileModeMask(0o022)
        exit(PreviewMount.run(CurrentProcess.arguments) { try RootCatalogue($0) })
    }
}
