import Testing
import ViewProcess
import Views

/// Options as of mount(8): followed, or refused by name.
@Suite struct MountOptionsTests {
    @Test func whatHasAMeaningIsFollowed() throws {
        #expect(try MountOptions("ro,noexec").forbidsExecution)
        #expect(try !MountOptions("noexec,exec").forbidsExecution)
        #expect(try MountOptions("exec,noexec").forbidsExecution)
        // As for any file system that ordinary users may mount.
        #expect(try MountOptions("user").forbidsExecution)
        #expect(try MountOptions("user=me").forbidsExecution)
        #expect(try !MountOptions("users,exec").forbidsExecution)
        #expect(try MountOptions("allow_other").allowsOthers)
        #expect(try !MountOptions("default_permissions").allowsOthers)
    }

    @Test(arguments: [
        "", "defaults", "ro,nosuid,nodev,default_permissions", "nofail,_netdev,noauto,comment=x",
        "x-systemd.automount,x-a=b,X-c", "noatime,relatime,sync,async,silent",
    ])
    func whatHoldsAnywayChangesNothing(list: String) throws {
        #expect(try MountOptions(list) == MountOptions())
    }

    @Test(arguments: [
        ("rw", "read-only"), ("noexec,suid", "no privileges"), ("dev", "no devices"), ("remount", "no such option"),
        ("bind", "no such option"), ("allow_root", "no such option"), ("noexec=1", "no such option"),
        ("uid=0", "no such option"), ("fsname=x", "no such option"), ("nonsense", "no such option"), ("=", "no such"),
    ])
    func everythingElseIsRefusedByName(list: String, cause: String) throws {
        let error = #expect(throws: MountOptions.Refused.self) { try MountOptions(list) }
        #expect(error?.description.contains(cause) == true)
        #expect(error.map { list.hasSuffix($0.option) } == true)
    }
}
