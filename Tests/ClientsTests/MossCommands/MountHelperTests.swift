import MossCommands
import Testing

/// Lines of fstab, as mount(8) hands them on.
@Suite struct MountHelperTests {
    private func check(_ line: String, _ expected: String) throws {
        let words = try MountHelper.arguments(for: line.split(separator: " ").map(String.init))
        #expect(words?.joined(separator: " ") == expected, "\(line)")
    }

    @Test func optionsBecomeThoseOfMount() throws {
        try check("/ /history", "-D / mount --all /history")
        try check("/ /history -o rw,all,nofail,x-systemd.automount", "-D / mount --all /history")
        try check("/r /mnt -o ro,state=3", "-D /r mount 3 /mnt")
        try check(
            "/r /mnt -n -v -o state=before-upgrade,reading=cached", "-D /r mount --reading cached before-upgrade /mnt")
        try check("/r /mnt -o rw,noexec,nosuid,nodev,state=1", "-D /r mount -o noexec 1 /mnt")
        try check("/r /mnt -o rw,noexec,users,exec,all", "-D /r mount -o noexec,users,exec --all /mnt")
        try check("/r /mnt -o allow_other,_netdev", "-D /r mount -o allow_other --all /mnt")
        try check("/r /mnt -s -o wrong,suid,noexec", "-D /r mount -o noexec --all /mnt")
        #expect(try MountHelper.arguments(for: ["-f", "/", "/mnt"]) == nil)
    }

    @Test(arguments: [
        "/", "/ /a /b", "/ /a -o", "/ /a -o wrong", "/ /a -o state", "/ /a -x", "/ /a -o suid", "/ /a -o rw,dev",
        "/ /a -o remount,noexec", "/ /a -N 1", "/ /a -t",
    ])
    func whatCannotBeFollowedIsRefused(line: String) {
        #expect(throws: MountHelper.Malformed.self) {
            try MountHelper.arguments(for: line.split(separator: " ").map(String.init))
        }
    }

    @Test func exitCodesAreThoseOfMount() {
        #expect([0, 1, 2, 3, 6].map { MountHelper.exitCode(for: $0) } == [0, 32, 1, 32, 32])
    }
}
