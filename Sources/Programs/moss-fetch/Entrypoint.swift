import Glibc
internal import HTTPTransfer

/// Fetches files by HTTP for a command.
@main
struct Entrypoint {
    static func main() {
        exit(TransferProgram.main())
    }
}
