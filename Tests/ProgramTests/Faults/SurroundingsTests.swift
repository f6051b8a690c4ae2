import BytePath
import LinuxSystem
import TestSupport
import Testing

/// Commands in surroundings that lack what most have, and what they leave running behind them.
struct SurroundingsTests {
    private func withRoot(_ body: (CommandRoot) throws -> Void) throws {
        try withScratchDirectory { scratch in
            let packages = ["one", "two", "three"].map { systemPackage($0) }
            let root = try CommandRoot(in: scratch, offering: packages)
            try root.done("-y", "install", "one")
            try body(root)
        }
    }

    /// Runs `text` with MOSS, ROOT and SCRATCH set, in the scratch directory.
    private func script(
        _ root: CommandRoot, _ text: BytePath, background: String? = "off", around: [BytePath] = []
    ) throws -> CommandResult {
        let shell: [BytePath] = ["bash", "-uc", text]
        let words = around + shell
        var command = Command(words[0], Array(words.dropFirst()))
        command.environment = CommandRoot.environment
        command.environment?["MOSS_BACKGROUND"] = background
        command.environment?["MOSS"] = try BuiltProduct.moss.path.display
        command.environment?["VIEW_PROGRAM"] = try BuiltProduct.mossView.path.display
        command.environment?["ROOT"] = root.root.display
        command.environment?["SCRATCH"] = root.path.display
        command.directory = root.path
        return try command.run()
    }

    private func expectDone(_ root: CommandRoot, _ text: BytePath, around: [BytePath] = []) throws {
        let result = try script(root, text, around: around)
        #expect(result.end == .exited(0), "\(text.display): \(result.end) \(result.outputText) \(result.errorText)")
    }

    @Test(.needsRoot) func withoutProc() throws {
        try withRoot { root in
            let around: [BytePath] = ["unshare", "--mount", "--propagation", "private"]
            let hide = "mount -t tmpfs none /proc || exit 99;"
            for command in [
                "list installed", "list available", "state list", "info one", "du", "fsck --full", "-y install two",
                "install --dry-run three", "-y remove two", "tidy", "-y gc", "version",
            ] {
                let result = try script(root, BytePath("\(hide) exec $MOSS -D $ROOT \(command)"), around: around)
                let isFine = result.end == .exited(0) || result.errorText.contains("/proc")
                #expect(isFine, "\(command): \(result.end) \(result.errorText)")
                #expect(!result.errorText.contains("USAGE"), "\(command)")
            }
            let listed = try script(root, BytePath("\(hide) exec $MOSS -D $ROOT list installed"), around: around)
            #expect(listed.outputText.contains("one"))
            try Descriptor.openDirectory(root.path).makeDirectory("view")
            let view = try script(
                root, BytePath("\(hide) exec $MOSS -D $ROOT mount active $SCRATCH/view"), around: around)
            #expect(view.end == .exited(1) && view.errorText.contains("this needs /proc"), "\(view.errorText)")
        }
    }

    @Test(.needsRoot) func withoutProcOfFormerTreesRootStillKnowsWhoUsesThem() throws {
        try withRoot { root in
            let changes = """
                umount -l /proc || exit 99
                for i in 1 2 3; do
                    $MOSS -D $ROOT -y install two && $MOSS -D $ROOT -y remove two && $MOSS -D $ROOT tidy || exit 98
                done
                """
            let around: [BytePath] = ["unshare", "--mount", "--propagation", "private"]
            try expectDone(root, BytePath(changes), around: around)
            let free = try root.names(in: "trees").count
            #expect(free == 1, "a spare")
            try expectDone(root, BytePath("cd $ROOT/usr/share && { \(changes); } && ls ."), around: around)
            let held = try root.names(in: "trees").count
            #expect(held == 2)
        }
    }

    @Test(.needsRoot) func withoutProcAnOrdinaryRootSaysThatItCannotTell() throws {
        try withRoot { root in
            let script: BytePath = """
                umount -l /proc || exit 99
                set -- setpriv --bounding-set -sys_admin $MOSS -D $ROOT
                "$@" -y install two && "$@" tidy && "$@" -y remove two && "$@" tidy
                """
            let result = try self.script(root, script, around: ["unshare", "--mount", "--propagation", "private"])
            #expect(result.end == .exited(0), "\(result.errorText)")
            let remark = "former trees stay: /proc is not mounted, so nobody can tell who uses them."
            #expect(result.outputText.contains(remark), "\(result.outputText)")
        }
    }

    @Test func withClosedStreams() throws {
        try withRoot { root in
            for closed in ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"] {
                // What was lost is told by the exit code; nothing may be written into a file that got the number.
                _ = try script(
                    root, BytePath("$MOSS -D $ROOT -y install two \(closed); $MOSS -D $ROOT state list \(closed)"))
                _ = try script(
                    root, BytePath("$MOSS -D $ROOT -y remove two \(closed); $MOSS -D $ROOT nothing \(closed)"))
                try expectDone(root, "$MOSS -D $ROOT fsck --full")
            }
        }
    }

    @Test func withALimitOfFileSize() throws {
        try withRoot { root in
            for blocks in [0, 1, 8, 40, 100] {
                let result = try script(
                    root, BytePath("ulimit -f \(blocks); $MOSS -D $ROOT -y install two; code=$?; exit $code"))
                if case .exited(let code) = result.end { #expect(code < 128, "\(blocks) blocks: \(code)") }
                #expect(result.end != .timedOut)
                // What lasts is not called passing, and not the disk's fault. With no blocks nothing can be said.
                let text = result.errorText
                let isClear = result.end == .exited(0) || text.contains("(ulimit -f)") || blocks == 0
                #expect(isClear, "\(blocks) blocks: \(text)")
                #expect(!text.contains("again") && !text.contains("device"), "\(blocks) blocks: \(text)")
                try expectDone(root, "$MOSS -D $ROOT list installed && $MOSS -D $ROOT fsck --full")
                try expectDone(root, "$MOSS -D $ROOT -y remove two || [ $? = 3 ] || $MOSS -D $ROOT list installed")
            }
        }
    }

    @Test func withoutAWorkingDirectory() throws {
        try withRoot { root in
            let gone = "mkdir gone; cd gone; rmdir ../gone;"
            for command in ["list installed", "-y install two", "-y remove two", "tidy", "fsck"] {
                try expectDone(root, BytePath("\(gone) exec $MOSS -D $ROOT \(command)"))
            }
            // Not a root of that name at the top.
            let result = try script(root, BytePath("\(gone) exec $MOSS -D tmp list installed"))
            #expect(result.end == .exited(3) && !result.errorText.contains(" /tmp:"), "\(result.errorText)")
        }
    }

    @Test func withoutAnyVariable() throws {
        try withRoot { root in
            try expectDone(root, "exec env -i MOSS_BACKGROUND=off $MOSS -D $ROOT list installed")
            try expectDone(root, "exec env -i MOSS_BACKGROUND=off $MOSS -D $ROOT -y install two")
            try expectDone(root, "exec -a '' $MOSS -D $ROOT list installed")
        }
    }

    /// A caller's lock, working directory and pipe are free once the command has ended.
    @Test(.needsRoot) func whatGoesOnKeepsNothingOfItsCaller() throws {
        try withRoot { root in
            let text: BytePath = """
                set -e; mkdir view work; cd work; umask 077; trap '' USR1 HUP
                exec 9>../held; flock -n 9
                out=$($MOSS -D ../root mount active ../view)
                exec 9>&-
                pid=$(pgrep -f "moss-view .*--mountpoint $SCRATCH/view ")
                end() { cd ..; $MOSS -D root umount view >/dev/null; exit "$1"; }
                flock -n ../held true || { echo "the lock is held"; end 1; }
                [ "$(readlink /proc/$pid/cwd)" = / ] || { echo "its directory is $(readlink /proc/$pid/cwd)"; end 1; }
                for n in 0 1 2; do [ "$(readlink /proc/$pid/fd/$n)" = /dev/null ] || { echo "stream $n"; end 1; }; done
                grep -q '^Umask:.0022' /proc/$pid/status || { echo "its umask"; end 1; }
                grep -q '^SigBlk:.0*$' /proc/$pid/status || { echo "it blocks $(grep SigBlk /proc/$pid/status)"; end 1; }
                mask=0x$(awk '/^SigIgn/ { print $2 }' /proc/$pid/status)
                [ $((mask & (1 << 9))) = 0 ] || { echo "it ignores USR1"; end 1; }
                [ "$(ps -o sid= -p $pid | tr -d ' ')" = "$pid" ] || { echo "its session"; end 1; }
                ls -l /proc/$pid/fd | grep -q "held" && { echo "it has the file"; end 1; }
                end 0
                """
            let result = try script(root, text)
            #expect(result.end == .exited(0), "\(result.outputText) \(result.errorText)")
        }
    }

    @Test func workInTheBackgroundKeepsNothingOfItsCaller() throws {
        try withRoot { root in
            // Whatever is at work when the command has ended: neither the pipe nor the lock nor the directory is kept.
            let text: BytePath = """
                set -e; mkdir work; cd work
                for name in two three; do
                    exec 9>../held; flock -n 9
                    out=$($MOSS -D ../root -y install $name 2>&1)
                    exec 9>&-
                    flock -n ../held true || { echo "the lock is held"; exit 1; }
                    for pid in $(pgrep -f '^[^ ]*moss -D [^ ]*root tidy' || true); do
                        directory=$(readlink /proc/$pid/cwd || echo /)
                        [ "$directory" = / ] || { echo "its directory is $directory"; exit 1; }
                    done
                done
                $MOSS -D ../root tidy >/dev/null
                """
            let result = try script(root, text, background: nil)
            #expect(result.end == .exited(0), "\(result.outputText) \(result.errorText)")
        }
    }
}
