import Glibc
internal import MossCommands

/// Runs the moss command line.
@main
struct Entrypoint {
    static func main() {
        exit(MossCommands.main())
    }
}
