import BytePath
import Glibc
import LinuxSystem
import Sandbox
import TestSupport

/// Who makes a sandbox in a test.
enum SandboxUser: String, CaseIterable, Sendable {
    case root
    /// Somebody without rights, who needs a user namespace.
    case ordinary

    static let identifier: BytePath = "4321"
}

/// A directory with moss-sandbox and a small `/usr` that both users can read, and that belongs to the one who runs it.
struct SandboxFixture {
    let directory: BytePath
    let program: BytePath
    let user: SandboxUser

    var lower: BytePath { directory.appending("lower") }
    var keep: BytePath { directory.appending("keep") }

    /// Runs `body` with a fixture in memory; `/usr` has a shell, some tools and a few files to change.
    static func with<R>(_ user: SandboxUser, _ body: (SandboxFixture) throws -> R) throws -> R {
        try withScratchDirectory(inMemory: true) { path in try body(SandboxFixture(path, user)) }
    }

    private init(_ path: BytePath, _ user: SandboxUser) throws {
        directory = path
        self.user = user
        program = path.appending("moss-sandbox")
        let script: BytePath = """
            set -eu; umask 022; cd "$1"; chmod 755 .; cp "$2" moss-sandbox
            mkdir -p lower/bin lower/lib lower/lib64 lower/share/old/inner lower/share/more/q keep plain
            tools="bash cat chmod env id ls ln mkdir mv readlink rm rmdir sleep stat touch"
            for tool in $tools; do cp "$(command -v $tool)" lower/bin/; done
            ln -s bash lower/bin/sh
            for tool in $tools; do ldd "lower/bin/$tool"; done | grep -o '/[^ ]*' | sort -u | while read -r file; do
                case "$file" in */ld-linux*) cp "$file" lower/lib64/ ;; /bin/*|*:) ;; *) cp "$file" lower/lib/ ;; esac
            done
            for name in a b c; do echo "$name" >lower/share/$name; echo "$name" >lower/share/old/$name; done
            for name in old/inner/d more/p more/q/r; do echo "$name" >lower/share/$name; done
            echo host >plain/file
            [ "$3" = root ] || chown -R "$4:$4" lower keep plain
            """
        let arguments = [path, try BuiltProduct.mossSandbox.path, BytePath(user.rawValue), SandboxUser.identifier]
        try Command("bash", ["-c", script, "bash"] + arguments).runSuccessfully()
    }

    /// A request for `command` on the fixture's `/usr`, whose libraries are found without the host's cache.
    func request(_ command: [BytePath]) -> SandboxRequest {
        var request = SandboxRequest(lower: .directory(lower), command: command)
        request.variables = ["LD_LIBRARY_PATH=/usr/lib"]
        return request
    }

    func request(script: String) -> SandboxRequest {
        request(["bash", "-c", BytePath(script)])
    }

    /// The command that runs moss-sandbox as the fixture's user.
    func command(_ request: SandboxRequest) -> Command {
        command(program, request.arguments)
    }

    /// Runs anything as the fixture's user.
    func command(_ program: BytePath, _ arguments: [BytePath]) -> Command {
        var command = Command(program, arguments)
        if user == .ordinary {
            let identity = ["--reuid", SandboxUser.identifier, "--regid", SandboxUser.identifier, "--clear-groups"]
            command = Command("setpriv", identity + [program] + arguments)
        }
        command.timeoutSeconds = 40
        return command
    }

    func run(_ request: SandboxRequest) throws -> CommandResult {
        try command(request).run()
    }

    /// What the script prints; it has to succeed.
    func output(script: String, _ change: (inout SandboxRequest) -> Void = { _ in }) throws -> String {
        var request = request(script: script)
        change(&request)
        return try command(request).runSuccessfully().outputText
    }
}
