import BytePath
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// Views of somebody without rights, of a root that belongs to root: in a user namespace, and by the setuid helper of
/// FUSE.
@Suite(.needsRoot) struct ViewUserTests {
    private func withRoot(_ body: (ViewFixture) throws -> Void) throws {
        try ViewFixture.run {
            try $0.publish("many") { package in
                for number in 0..<50 {
                    package.add(file: BytePath("share/many/\(number)"), Array(repeating: 7, count: number * 3000))
                }
            }
        } _: { fixture in
            try fixture.moss.succeed("install", "-y", "many")
            try body(fixture)
        }
    }

    private static let sums: BytePath = "find . -type f ! -name .stateID -print0 | sort -z | xargs -0 sha256sum"

    @Test(arguments: OrdinaryUser.allCases)
    func whatTheyShowIsTheSame(user: OrdinaryUser) throws {
        try withRoot { fixture in
            let live = try Command("bash", ["-c", Self.sums], in: fixture.moss.root.appending("usr")).runSuccessfully()
            let script = """
                $MOSS mount 1 $PLACE | grep -q 'cached reads'
                cd $PLACE; \(Self.sums.display); cd /
                [ $(stat -c %s $PLACE/share/many/49) = 147000 ]
                ! $MOSS mount 1 $PLACE 2>$OTHER/error; grep -q 'mounted here already' $OTHER/error; rm $OTHER/error
                $MOSS umount $PLACE
                ! grep -q " $PLACE " /proc/mounts
                $MOSS mount --candidate 'remove many' $PLACE >$OTHER/out
                [ ! -e $PLACE/bin/many ]
                $MOSS umount $PLACE >$OTHER/out
                """
            let result = try fixture.run(as: user, BytePath(script))
            #expect(result.end == .exited(0), "\(result.errorText)")
            #expect(result.outputText.hasPrefix(live.outputText), "\(result.outputText)")
        }
    }

    @Test(arguments: OrdinaryUser.allCases)
    func whatTheKernelDoesNotAllowIsSaid(user: OrdinaryUser) throws {
        try withRoot { fixture in
            let result = try fixture.run(as: user, "$MOSS mount --reading passthrough 1 $PLACE")
            #expect(result.end == .exited(1))
            #expect(result.errorText.contains("the kernel does not let files be read through it here"))
            #expect(try Leftovers.processesAfterAWhile("--mountpoint \(fixture.place.display) ") == [])
        }
    }

    @Test func othersGetInOnlyWhereTheSystemAllowsThat() throws {
        try withRoot { fixture in
            let script: BytePath = """
                if grep -q '^user_allow_other' /etc/fuse.conf; then
                    $MOSS mount -o allow_other 1 $PLACE; grep " $PLACE .*allow_other" /proc/mounts; $MOSS umount $PLACE
                else
                    ! $MOSS mount -o allow_other 1 $PLACE 2>$OTHER/error
                    grep -q 'must have the line user_allow_other' $OTHER/error
                fi
                $MOSS mount -o noexec 1 $PLACE; grep " $PLACE .*noexec" /proc/mounts
                ! $PLACE/bin/many; $MOSS umount $PLACE
                """
            let result = try fixture.run(as: .helper, script)
            #expect(result.end == .exited(0), "\(result.errorText)\(result.outputText)")
        }
    }

    @Test(arguments: OrdinaryUser.allCases)
    func aKilledOneIsNoObstacle(user: OrdinaryUser) throws {
        try withRoot { fixture in
            let script: BytePath = """
                $MOSS mount 1 $PLACE
                kill -9 $(pgrep -f "[m]oss-view --root $ROOT ")
                sleep 0.2
                ! cat $PLACE/bin/many 2>/dev/null
                $MOSS mount 1 $PLACE
                cat $PLACE/bin/many
                [ $(grep -c " $PLACE " /proc/mounts) = 1 ]
                $MOSS umount $PLACE
                """
            let result = try fixture.run(as: user, script)
            #expect(result.end == .exited(0), "\(result.errorText)")
            #expect(result.outputText.contains("many 1.0-1\n"))
        }
    }

    /// Also where all files are the user's own, who is root inside, and where some are somebody else's.
    @Test(.enabled(if: CurrentProcess.exists("/bin/busybox"), "needs busybox-static"), arguments: [false, true])
    func aTriedTreeCanBeWrittenTo(ownRoot: Bool) throws {
        try ViewFixture.run {
            try $0.publish("many") { package in
                package.add(file: "share/many/a", Array("a\n".utf8))
                package.add(LayoutEntry(path: "share/theirs", kind: .directory, mode: 0o040755, uid: 77, gid: 78))
            }
        } _: { fixture in
            try fixture.moss.succeed("install", "-y", "many")
            let script = """
                if [ \(ownRoot ? 1 : 0) = 1 ]; then
                    MOSS="${MOSS%% *} -D $OTHER/root"
                    $MOSS init; $MOSS repo add c ${ROOT%/*}/stones; $MOSS -y install many
                fi
                $MOSS try --state 1 --bind /bin/busybox:/busybox -- /busybox sh -c \
                    'set -e; b=/busybox; cd /usr
                     for d in . bin share share/many share/theirs; do echo x >$d/new; $b mkdir $d/made; done
                     echo more >>share/many/a || { $b chmod u+w share/many/a; echo more >>share/many/a; }
                     $b rm bin/many; $b mv share/theirs share/mine; $b cat share/mine/new share/many/a'
                """
            let result = try fixture.run(as: .helper, BytePath(script))
            #expect(result.end == .exited(0), "\(result.errorText)")
            #expect(result.outputText.hasSuffix("x\na\nmore\n"), "\(result.outputText)")
        }
    }
}
