import Glibc
internal import Sandbox

/// Makes a sandbox and runs one command in it.
@main
struct Entrypoint {
    static func main() {
        exit(SandboxProgram.main())
    }
}
