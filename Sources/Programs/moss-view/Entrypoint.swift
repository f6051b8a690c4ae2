import Glibc
import LinuxSystem
import PreviewMount

/// Serves a view until it is unmounted.
@main
enum Entrypoint {
    static func main() {
        exit(PreviewMount.run(CurrentProcess.arguments))
    }
}
