import BytePath
import TestSupport

/// How somebody without rights gets a view.
enum OrdinaryUser: String, CaseIterable, Sendable {
    /// Inside a user namespace.
    case namespace
    /// By the setuid helper of FUSE.
    case helper
}

extension ViewFixture {
    /// Runs `script` as an ordinary user, with MOSS (the program and its root), ROOT, PLACE and OTHER, a second
    /// directory, set.
    func run(as user: OrdinaryUser, _ script: BytePath) throws -> CommandResult {
        // The device for everybody, as udev makes it; copies of the programs, as their place may be closed to him.
        let setup: BytePath = """
            set -eu; umask 022; cd "$1"; chmod 755 .; way=$2 script=$3; shift 3
            cp "$@" .; mkdir -p device other; chown nobody view other
            mount -t tmpfs none device; mknod -m 666 device/fuse c 10 229; mount --bind device/fuse /dev/fuse
            export MOSS="$PWD/moss -D $PWD/root" ROOT="$PWD/root" PLACE="$PWD/view" OTHER="$PWD/other"
            export MOSS_BACKGROUND=off
            user="setpriv --reuid nobody --regid nogroup --clear-groups"
            if [ "$way" = namespace ]; then user="$user unshare -Ur --mount"; fi
            exec $user bash -euc "$script"
            """
        let programs = try [BuiltProduct.moss, .mossView, .mossSandbox].map { try $0.path }
        return try Command(
            "unshare",
            ["--mount", "--propagation", "private", "bash", "-c", setup, "bash", moss.scratch]
                + [BytePath(user.rawValue), script] + programs
        ).run()
    }
}
