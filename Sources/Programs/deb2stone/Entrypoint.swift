internal import Deb2StoneCommands
import Glibc

/// Runs the deb2stone command line.
@main
struct Entrypoint {
    static func main() {
        exit(Deb2StoneCommands.main())
    }
}
