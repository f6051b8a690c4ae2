import Testing

/// Each rule on a small package that breaks it and nothing else.
struct ArchitectureRulesTests {
    private static let map = """
        ## Engine
        | `Engine` | Runs. | Bytes, CThing |
        ## Base
        | `Bytes` | Holds. | Words |
        | `Words` | Says. | |
        ## CLibraries
        | `CThing` | C. | |
        """

    private static let targets = [
        target("CThing", "CLibraries", []), target("Bytes", "Base", ["Words"]), target("Words", "Base", []),
        target("Engine", "Engine", ["Bytes", "CThing"]),
    ]

    private static let files = [
        "Sources/Base/Bytes/Bytes.swift": ["im" + "port Words", "/// Holds. More.", "struct Bytes {}"],
        "Sources/Base/Words/Words.swift": ["/// Says.", "struct Words {}"],
        "Sources/Engine/Engine/Engine.swift": [
            "im" + "port Glibc", "package im" + "port Bytes", "internal im" + "port CThing", "/// Runs.", "",
        ],
    ]

    private static func target(_ name: String, _ floor: String, _ uses: [String]) -> PackageDescription.Target {
        PackageDescription.Target(name: name, kind: "regular", path: "Sources/\(floor)/\(name)", dependencies: uses)
    }

    private func violations(
        map: String = map, targets: [PackageDescription.Target] = targets, adding: [String: [String]] = [:],
        except exceptions: ArchitectureExceptions = ArchitectureExceptions()
    ) -> [String] {
        let files = Self.files.merging(adding) { $1 }.mapValues { Array($0.joined(separator: "\n").utf8) }
        return ArchitectureRules(
            description: PackageDescription(targets: targets), map: PackageMap(markdown: map), files: files,
            exceptions: exceptions
        ).violations()
    }

    @Test func aPackageThatFollowsItsMapIsFine() {
        #expect(violations() == [])
    }

    @Test func anUpwardEdgeIsFound() {
        var targets = Self.targets
        targets[2].dependencies = ["Engine"]
        let map = Self.map.replacing("| `Words` | Says. | |", with: "| `Words` | Says. | Engine |")
        #expect(violations(map: map, targets: targets) == ["Words uses Engine, which stands on a higher floor"])
    }

    @Test func anEdgeTheMapLacksIsFound() {
        let map = Self.map.replacing("Holds. | Words", with: "Holds. | ")
        #expect(violations(map: map) == ["Bytes uses Words, which its row in Sources/README.md does not name"])
    }

    @Test func anEdgeOnlyTheMapHasIsFound() {
        let map = Self.map.replacing("Says. | |", with: "Says. | CThing |")
        #expect(violations(map: map) == ["Sources/README.md says that Words uses CThing; Package.swift does not"])
    }

    @Test func aModuleTheMapLacksIsFound() {
        let new = Self.target("New", "Base", [])
        #expect(violations(targets: Self.targets + [new]) == ["New is missing in Sources/README.md"])
        #expect(
            violations(map: Self.map + "\n| `Gone` | Went. | |") == [
                "Gone is in Sources/README.md but not in Package.swift"
            ])
    }

    @Test(arguments: ["", "package ", "@preconcurrency internal ", "@testable "])
    func anUndeclaredImportIsFound(modifiers: String) {
        let file = ["Sources/Base/Words/More.swift": [modifiers + "im" + "port struct Bytes.Byte"]]
        #expect(
            violations(adding: file) == ["Sources/Base/Words/More.swift imports Bytes, which Words does not depend on"])
    }

    @Test func importsInTextAreNotImports() {
        let text = [
            "// im" + "port Bytes", "let text = \"\"\"", "im" + "port Bytes", "\"\"\"", "/*", "im" + "port Bytes*/",
        ]
        #expect(violations(adding: ["Sources/Base/Words/More.swift": text]) == [])
    }

    @Test func aSharedCModuleIsFound() {
        var targets = Self.targets
        targets[2].dependencies = ["CThing"]
        let map = Self.map.replacing("Says. | |", with: "Says. | CThing |")
        let file = ["Sources/Base/Words/More.swift": ["im" + "port CThing"]]
        #expect(
            violations(map: map, targets: targets, adding: file) == ["CThing is imported by Engine and Words; one may"])
    }

    @Test func foundationInTheProgramsIsFound() {
        let file = ["Sources/Base/Words/More.swift": ["im" + "port FoundationEssentials"]]
        #expect(
            violations(adding: file) == [
                "Sources/Base/Words/More.swift imports FoundationEssentials, which is for tests"
            ])
    }

    @Test func changingFilesPastLinuxSystemIsFound() {
        let lines = [
            "im" + "port Glibc", "struct A {", "    func open() { file.write(x); exit(1) }",
            "    func f() { _ = Glibc.unlink(x); let a = \"rmdir(x)\"", "    write (1) }", "}",
        ]
        #expect(
            violations(adding: ["Sources/Engine/Engine/More.swift": lines]) == [
                "Sources/Engine/Engine/More.swift calls unlink past LinuxSystem"
            ])
        #expect(violations(adding: ["Sources/Base/Bytes/More.swift": lines]) == [])
    }

    @Test(arguments: ["(0)", "<Int>(0)"])
    func aLockTheSanitizerDoesNotKnowIsFound(arguments: String) {
        let file = ["Sources/Base/Words/More.swift": ["let count = Mu" + "tex\(arguments)"]]
        #expect(
            violations(adding: file) == ["Sources/Base/Words/More.swift makes a Mutex; a lock is a LinuxSystem.Guarded"]
        )
    }

    @Test func aMissingSentenceIsFound() {
        let file = ["Sources/Base/Words/Words.swift": ["/// Something else."]]
        #expect(
            violations(adding: file) == ["no doc comment of Words begins with its sentence in Sources/README.md"])
    }

    @Test func longFilesAndFunctionsAreFound() {
        let body = Array(repeating: "    work(\"}\")", count: 69)
        let long = ["protocol P {", "    func short()", "}", "func long() {"] + body + ["}"]
        #expect(
            violations(adding: ["Tests/A/A.swift": long]) == [
                "Tests/A/A.swift:4: a function of 71 lines; at most 70"
            ])
        let lines = Array(repeating: "int x;", count: 501)
        #expect(violations(adding: ["Benchmarks/a.c": lines]) == ["Benchmarks/a.c has 501 lines; at most 500"])
    }

    @Test func largeModulesAreFound() {
        let files = Dictionary(
            uniqueKeysWithValues: (1...6).map {
                ("Sources/Base/Words/File\($0).swift", Array(repeating: "let a = 1", count: 450))
            })
        #expect(violations(adding: files) == ["Words has 2702 lines of Swift; at most 2500"])
        let some = ArchitectureExceptions(moduleLines: ["Words": .init(upTo: 2600, "")])
        #expect(violations(adding: files, except: some) == ["Words has 2702 lines of Swift; at most 2600"])
        let enough = ArchitectureExceptions(moduleLines: ["Words": .init(upTo: 2702, "")])
        #expect(violations(adding: files, except: enough) == [])
        #expect(
            violations(except: enough) == ["Words has 2 lines of Swift and needs its exception no longer"])
    }

    @Test func modulesThatKnowManyAreFound() {
        let names = (1...11).map { "Part\($0)" }
        let rows = names.map { "| `\($0)` | P. | |\n" }.joined()
        let map =
            "## Formats\n" + rows
            + Self.map.replacing("Runs. | Bytes", with: "Runs. | Bytes, \(names.joined(separator: ", "))")
        var targets = Self.targets + names.map { Self.target($0, "Formats", []) }
        targets[3].dependencies += names
        var files: [String: [String]] = [:]
        for name in names { files["Sources/Formats/\(name)/\(name).swift"] = ["/// P.", "struct \(name) {}"] }
        #expect(
            violations(map: map, targets: targets, adding: files) == [
                "Engine has 11 modules above Base that it uses; at most 10"
            ])
    }

    @Test(arguments: ["final class", "actor"])
    func objectsInManyFilesAreFound(keyword: String) {
        var files = [
            "Sources/Base/Words/Many.swift": ["package \(keyword) Many {}", "struct Value { class func f() {} }"]
        ]
        for topic in 1...5 {
            files["Sources/Base/Words/Many+\(topic).swift"] = ["extension Many {}"]
            files["Sources/Base/Words/Value+\(topic).swift"] = ["extension Value {}"]
        }
        #expect(violations(adding: files) == ["Words.Many has 5 files of extensions; at most 4"])
    }

    @Test(arguments: [
        ("use `thing`", true), ("use `thing --help`", true), ("`thing frobnicate \\(path)` does", true),
        ("run thing frobnicate", true), ("run thing frobnicate: \\(path)", true), ("thing -D / works", true),
        ("another version of thing works", false), ("thing frobnicates", false), ("user.thing.x", false),
        ("/libexec/thing", false), ("thing-view frobnicate", false), ("nothing frobnicate", false),
    ])
    func commandsBelowClientsAreFound(text: String, isCommand: Bool) {
        let map = Self.map + "\n## Clients\n| `Verbs` | Does. | |\n## Programs\n| `thing` | Is. | |"
        let program = PackageDescription.Target(
            name: "thing", kind: "executable", path: "Sources/Programs/thing", dependencies: [])
        let files = [
            "Sources/Clients/Verbs/Verb.swift": ["/// Does.", "let a = A(commandName: \"frobnicate\")", "// `thing`"],
            "Sources/Programs/thing/Entrypoint.swift": ["/// Is.", "struct Entrypoint {}"],
            "Sources/Base/Words/More.swift": ["// run `thing`", "let a = \"\(text)\""],
        ]
        let found = violations(
            map: map, targets: Self.targets + [Self.target("Verbs", "Clients", []), program], adding: files)
        let expected = ["Sources/Base/Words/More.swift has 1 texts that name a command to run; at most 0"]
        #expect(found == (isCommand ? expected : []))
    }

    @Test func placeholdersAreFound() {
        let rules = ArchitectureRules(
            description: PackageDescription(targets: []), map: PackageMap(markdown: ""),
            files: ["Sources/Base/New/Placeholder.swift": []])
        #expect(rules.placeholders() == ["Sources/Base/New/Placeholder.swift is a placeholder"])
    }

    @Test func interpolationsAndRawStringsAreFollowed() {
        let lines = [
            "func first() -> String {", "    \"a \\(list.map { \"\\($0) }\" }) }\"", "}",
            "func second() { let a = #\"}\\#(b(\"{\"))\"# }",
        ]
        let functions = SwiftSource(Array(lines.joined(separator: "\n").utf8)).functions
        #expect(functions == [.init(line: 1, lineCount: 3), .init(line: 4, lineCount: 1)])
    }
}
