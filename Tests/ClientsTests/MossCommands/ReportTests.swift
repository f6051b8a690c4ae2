import BytePath
import CollectionIndex
import CollectionSettings
import CommandLineSupport
import Downloads
import Installation
import MossCommands
import PackageModel
import Solver
import States
import TerminalOutput
import Testing

/// Reports in, text and JSON out.
@Suite struct ReportTests {
    private func text(_ report: some Report, width: Int? = nil) -> String {
        let stream = TerminalStream(capturingAtWidth: width)
        report.write(to: stream)
        return stream.capturedText
    }

    private func json(_ report: some Report) -> String {
        JSONDocument.text(schema: "moss/1", command: "test", data: report)
    }

    private var plan: PlanReport {
        var plan = PlanReport()
        plan.coming = [
            .init(name: "nano", version: "7.2-3", explicit: true, reason: "asked for"),
            .init(name: "ncurses", version: "6.4-9", explicit: false, reason: "nano needs ncurses"),
            .init(name: "zlib", version: "1.3-5", explicit: false, reason: "follows", replaces: "1.2-4"),
        ]
        plan.going = [.init(name: "vi", version: "1-1", reason: "asked for")]
        plan.becomingExplicit = ["bash"]
        plan.alreadyInstalled = ["grep", "sed"]
        plan.bytesToFetch = 2048
        plan.bytesOnDisk = 4096
        (plan.entriesAdded, plan.entriesRemoved, plan.entriesChanged) = (12, 3, 1)
        return plan
    }

    @Test func plansSayWhatComesAndGoesAndWhy() {
        #expect(
            text(plan) == """
                Coming (2)
                  nano     7.2-3  asked for
                  ncurses  6.4-9  nano needs ncurses
                Replaced (1)
                  zlib  1.2-4  ->  1.3-5  follows
                Going (1)
                  vi  1-1  asked for
                Become explicit: bash
                Already installed: grep, sed
                Below /usr: 12 entries added, 3 removed, 1 changed.
                To fetch: 2.0 KiB. New on disk: 4.0 KiB.

                """)
    }

    @Test func anEmptyPlanSaysSo() {
        var plan = PlanReport()
        plan.alreadyInstalled = ["nano"]
        plan.isEmpty = true
        #expect(text(plan) == "Already installed: nano\nNothing to do.\n")
    }

    @Test func theJSONOfAChangeHasSchemaCommandAndPlan() {
        let document = json(ChangeReport(plan: PlanReport(), dryRun: true, state: nil))
        #expect(
            document == """
                {"command":"test","data":{"dry_run":true,"plan":{"already_installed":[],"becoming_explicit":[],\
                "becoming_transitive":[],"bytes_on_disk":0,"bytes_to_fetch":0,"coming":[],"directories":[],\
                "entries_added":0,"entries_changed":0,"entries_removed":0,"going":[],"is_empty":false,"kept_back":[],\
                "local_files":[],"mounts":[],"still_broken":[],"tree":"","unsigned":[]}},\
                "schema":"moss/1"}
                """)
    }

    @Test func errorsHaveAJSONOfTheirOwn() {
        let failure = CommandFailure(.locked, code: "locked", "a \"b\"\nc")
        #expect(
            JSONDocument.text(schema: "moss/1", command: "sync", failure: failure) == """
                {"command":"sync","error":{"code":"locked","exit":5,"message":"a \\"b\\"\\nc"},"schema":"moss/1"}
                """)
    }

    @Test func textOfPackagesCannotSteerTheTerminal() {
        let line = PackageLine(name: "evil\u{1b}[2J", version: "1-1", summary: "a\nb", isExplicit: true)
        #expect(text(PackageListReport(packages: [line], mark: .explicit)) == "*  evil\\x1b[2J  1-1  a\\x0ab\n")
    }

    @Test func pathsThatAreNotUTF8LoseNothing() {
        let path = BytePath(bytes: Array("share/".utf8) + [0xff, 0x41])
        let report = FileSearchReport(files: [.init(path, package: "p"), .init("bin/ü", package: "q")])
        #expect(text(report) == "/usr/share/\\xffA  p\n/usr/bin/ü        q\n")
        #expect(
            json(report) == """
                {"command":"test","data":{"files":[{"package":"p","path":"share/\\\\xffA",\
                "path_bytes":"73686172652fff41"},{"package":"q","path":"bin/ü"}]},"schema":"moss/1"}
                """)
    }

    @Test func outdatedPackagesShowBothVersions() {
        let report = OutdatedReport(packages: [
            .init(name: "nano", installed: "7-1", available: "8-2", collection: "main")
        ])
        #expect(text(report) == "nano  7-1  ->  8-2  main\n")
    }

    @Test func layoutLinesSayWhatAnEntryIs() {
        let link = LayoutLine(LayoutEntry(path: "lib64", kind: .symlink("lib"), mode: 0o120777))
        #expect(link.kind == "symlink" && link.mode == "777" && link.target == "lib" && link.digest == nil)
        let device = LayoutLine(LayoutEntry(path: "null", kind: .characterDevice, mode: 0o020666, uid: 1, gid: 2))
        #expect(device.kind == "character-device" && device.mode == "666" && device.uid == 1 && device.gid == 2)
    }

    // MARK: Exit codes

    @Test func errorsHaveTheExitCodesThatAreDocumented() {
        let cases: [(InstallationError, MossExit)] = [
            (.solver(.unknownRequests([])), .notFound), (.state(.unknownState(9)), .notFound),
            (.unknownPath("x"), .notFound),
            (.repository(RepositoryError(.unknownCollection, "x", "")), .notFound),
            (.state(.locked("/r", by: "process 1")), .locked), (.malformedRequest("x("), .usage),
            (
                .noSpace(SpaceShortage(root: "/r", fileSystem: "/", resource: .bytes, needed: 2, available: 1)),
                .noSpace
            ), (.fileConflicts([]), .unsatisfiable),
            (.state(.notARoot("/r")), .failed), (.nothingToUndo, .failed),
        ]
        for (error, exit) in cases { #expect(CommandFailure(error).exit == exit, "\(error)") }
        #expect(MossExit.allCases.map(\.rawValue) == Array(0...11))
    }
}
