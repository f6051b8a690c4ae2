// swift-tools-version: 6.2
// Targets stand floor by floor, lowest first, alphabetical inside a floor; Sources/README.md explains each.

import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

func module(
    _ floor: String, _ name: String, _ dependencies: [Target.Dependency], _ more: [SwiftSetting] = []
) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(floor)/\(name)", swiftSettings: settings + more)
}

func program(_ name: String, _ dependencies: [Target.Dependency], linking: [LinkerSetting] = []) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: "Sources/Programs/\(name)", swiftSettings: settings,
        linkerSettings: linking)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TestSupport"], path: "Tests/\(name)", exclude: exclude,
        swiftSettings: settings)
}

func library(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/CLibraries/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let cLibraries: [Target] = [
    library("CArchive", pkgConfig: "libarchive", apt: "libarchive-dev"),
    library("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
    .target(name: "CFuse", path: "Sources/CLibraries/CFuse", linkerSettings: [.linkedLibrary("fuse3")]),
    library("CHogweed", pkgConfig: "hogweed", apt: "nettle-dev"),
    library("CLMDB", pkgConfig: "lmdb", apt: "liblmdb-dev"),
    .target(name: "CLinux", path: "Sources/CLibraries/CLinux"),
    library("CNettle", pkgConfig: "nettle", apt: "nettle-dev"),
    library("CXXHash", pkgConfig: "libxxhash", apt: "libxxhash-dev"),
    library("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
    library("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
]

let base: [Target] = [
    module("Base", "BytePath", []),
    module("Base", "Clauses", []),
    module("Base", "Digests", ["CNettle", "CXXHash"]),
    module("Base", "Failures", []),
    module("Base", "HelperProcess", ["BytePath", "LinuxSystem"]),
    module("Base", "JSON", []),
    module("Base", "KDL", []),
    module(
        "Base", "LMDB", ["BytePath", "CLMDB", "Digests", "Failures", "LinuxSystem"],
        [.enableExperimentalFeature("Lifetimes")]),
    module("Base", "LinuxSystem", ["BytePath", "CLinux", "Failures"]),
    module("Base", "Scratch", ["BytePath", "LinuxSystem"]),
    module("Base", "Signatures", ["CHogweed"]),
    module("Base", "TerminalOutput", ["BytePath", "LinuxSystem"]),
    module("Base", "WebAddress", []),
    module("Base", "XML", []),
    module("Base", "YAML", ["CYAML"]),
    module("Base", "Zstandard", ["CZstd"]),
]

let formats: [Target] = [
    module("Formats", "ELF", []),
    module("Formats", "FileIndex", ["BytePath", "Digests", "StoneFormat", "Zstandard"]),
    module("Formats", "PackageModel", ["BytePath", "Digests"]),
    module("Formats", "RootIndex", ["JSON"]),
    module("Formats", "StoneFormat", ["BytePath", "Digests", "PackageModel", "Zstandard"]),
]

let engine: [Target] = [
    module("Engine", "FileTree", ["BytePath", "Digests", "Failures", "PackageModel"]),
    module("Engine", "Storage", ["BytePath", "Digests", "LMDB", "LinuxSystem", "PackageModel"]),
    module(
        "Engine", "ObjectStore",
        ["BytePath", "Digests", "Failures", "FileTree", "LinuxSystem", "PackageModel", "StoneFormat", "Storage"]),
    module(
        "Engine", "PackageCatalog",
        [
            "BytePath", "Digests", "Failures", "FileTree", "LinuxSystem", "ObjectStore", "PackageModel", "StoneFormat",
            "Storage",
        ]),
    module(
        "Engine", "Ingest",
        [
            "BytePath", "Digests", "Failures", "FileTree", "LinuxSystem", "ObjectStore", "PackageCatalog",
            "PackageModel", "StoneFormat", "Zstandard",
        ]),
    module(
        "Engine", "GarbageCollection",
        [
            "BytePath", "Digests", "Failures", "FileTree", "LinuxSystem", "ObjectStore", "PackageCatalog",
            "PackageModel", "StoneFormat", "Storage",
        ]),
    module(
        "Engine", "Blit",
        ["BytePath", "Digests", "Failures", "FileTree", "LinuxSystem", "ObjectStore", "PackageModel", "Storage"]),
    module(
        "Engine", "States",
        [
            "Blit", "BytePath", "Digests", "Failures", "FileTree", "GarbageCollection", "LinuxSystem", "ObjectStore",
            "PackageCatalog", "PackageModel", "Storage",
        ]),
    module(
        "Engine", "Maintenance",
        [
            "Blit", "BytePath", "Digests", "Failures", "FileTree", "LinuxSystem", "ObjectStore", "PackageCatalog",
            "PackageModel", "States", "StoneFormat", "Storage",
        ]),
    module(
        "Engine", "ViewImage", ["BytePath", "Digests", "FileTree", "HelperProcess", "LinuxSystem", "PackageModel"]),
    module(
        "Engine", "PreviewMount",
        [
            "BytePath", "CFuse", "Digests", "Failures", "FileTree", "GarbageCollection", "HelperProcess", "Ingest",
            "LinuxSystem", "ObjectStore", "PackageModel", "ViewImage",
        ]),
]

let clients: [Target] = [
    module("Clients", "CommandLineSupport", ["BytePath", "JSON", "LinuxSystem", "TerminalOutput", argumentParser]),
    module("Clients", "PackageAnalysis", ["BytePath", "ELF", "PackageModel"]),
    module("Clients", "StoneEmission", ["BytePath", "Digests", "LinuxSystem", "PackageModel", "StoneFormat"]),
    module(
        "Clients", "DebianImport",
        [
            "BytePath", "CArchive", "Digests", "JSON", "LinuxSystem", "PackageAnalysis", "PackageModel",
            "StoneEmission", "StoneFormat",
        ]),
    module("Clients", "Sandbox", ["BytePath", "HelperProcess", "LinuxSystem"]),
    module("Clients", "Solver", ["Clauses", "PackageModel"]),
    module("Clients", "Trust", ["BytePath", "Digests", "Failures", "JSON", "LinuxSystem", "Signatures"]),
    module("Clients", "Transfer", ["BytePath", "Digests"]),
    module("Clients", "HTTPTransfer", ["BytePath", "CCurl", "Digests", "HelperProcess", "LinuxSystem", "Transfer"]),
    module(
        "Clients", "Downloads",
        [
            "BytePath", "Digests", "Failures", "HelperProcess", "LinuxSystem", "Scratch", "StoneFormat", "Transfer",
            "YAML",
        ]),
    module(
        "Clients", "ObjectStores", ["BytePath", "Digests", "Downloads", "LinuxSystem", "Transfer", "WebAddress", "XML"]),
    module(
        "Clients", "CollectionSettings",
        [
            "BytePath", "Downloads", "KDL", "LinuxSystem", "ObjectStores", "PackageModel", "RootIndex", "WebAddress",
            "YAML",
        ]),
    module(
        "Clients", "StoneFiles",
        [
            "BytePath", "CollectionIndex", "Digests", "Downloads", "LinuxSystem", "PackageModel", "StoneFormat",
            "TerminalOutput",
        ]),
    module(
        "Clients", "CollectionIndex",
        [
            "BytePath", "CollectionSettings", "Digests", "Downloads", "FileIndex", "LinuxSystem", "ObjectStores",
            "PackageModel", "RootIndex", "Signatures", "Solver", "StoneFormat", "Storage", "Trust", "WebAddress",
            "Zstandard",
        ]),
    module(
        "Clients", "Publishing",
        [
            "BytePath", "CollectionIndex", "Digests", "Downloads", "FileIndex", "JSON", "LinuxSystem", "ObjectStores",
            "PackageModel", "StoneFormat", "Trust", "WebAddress", "Zstandard",
        ]),
    module(
        "Clients", "Deb2StoneCommands",
        [
            "BytePath", "CollectionIndex", "CommandLineSupport", "DebianImport", "Downloads", "LinuxSystem",
            "Publishing", "TerminalOutput", argumentParser,
        ]),
    module(
        "Clients", "ViewProcess",
        ["BytePath", "GarbageCollection", "HelperProcess", "LinuxSystem", "ObjectStore", "Scratch", "ViewImage"]),
    module("Clients", "Trial", ["BytePath", "LinuxSystem", "Sandbox", "ViewImage", "ViewProcess"]),
    module(
        "Clients", "Installation",
        [
            "Blit", "BytePath", "CollectionIndex", "CollectionSettings", "Digests", "Downloads", "Failures", "FileTree",
            "GarbageCollection", "HelperProcess", "Ingest", "JSON", "LinuxSystem", "Maintenance", "ObjectStore",
            "PackageCatalog", "PackageModel", "Scratch", "Solver", "States", "StoneFormat", "Storage", "ViewImage",
            "ViewProcess", "YAML",
        ]),
    module(
        "Clients", "Views",
        [
            "BytePath", "Digests", "FileTree", "GarbageCollection", "Installation", "LinuxSystem", "ObjectStore",
            "PackageModel", "States", "StoneFormat", "ViewImage", "ViewProcess",
        ]),
    module(
        "Clients", "RemoteStones",
        ["BytePath", "Downloads", "LinuxSystem", "PackageModel", "PreviewMount", "ViewImage"]),
    module(
        "Clients", "MossCommands",
        [
            "BytePath", "CollectionIndex", "CollectionSettings", "CommandLineSupport", "Digests", "Downloads",
            "Failures", "FileTree", "GarbageCollection", "Installation", "LinuxSystem", "Maintenance", "PackageModel",
            "Publishing", "Signatures", "Solver", "States", "StoneFiles", "StoneFormat", "TerminalOutput", "Trial",
            "Trust", "ViewImage", "ViewProcess", "WebAddress", argumentParser,
        ]),
]

/// Only tools/build --static asks for a program that loads nothing. What libarchive needs it does not say itself.
let staticLinking: [LinkerSetting] =
    Context.environment["MOSS_STATIC"] == nil
    ? []
    : [
        .unsafeFlags(
            ["-static-executable"]
                + ["archive", "acl", "lzma", "lz4", "bz2", "z", "hogweed", "nettle", "gmp"].map { "-l\($0)" })
    ]

let programs: [Target] = [
    program("deb2stone", ["Deb2StoneCommands"]),
    program("moss", ["MossCommands"]),
    program(
        "moss-all",
        [
            "BytePath", "Deb2StoneCommands", "LinuxSystem", "MossCommands", "PreviewMount", "Sandbox",
            "RemoteStones", "Views",
        ],
        linking: staticLinking),
    program("moss-fetch", ["HTTPTransfer"]),
    program("moss-sandbox", ["Sandbox"]),
    program("moss-view", ["PreviewMount", "RemoteStones", "Views"]),
]

let allTests: [Target] = [
    .executableTarget(name: "call-tracer", path: "Tests/CallTracer"),
    .target(
        name: "TestSupport",
        dependencies: [
            "BytePath", "Digests", "FileIndex", "FileTree", "Installation", "KDL", "LinuxSystem", "ObjectStore",
            "PackageModel", "RootIndex", "States", "StoneEmission", "StoneFormat", "Zstandard",
        ],
        path: "Tests/TestSupport", swiftSettings: settings),
    tests(
        "BaseTests",
        [
            "BytePath", "Clauses", "Digests", "HelperProcess", "JSON", "KDL", "LMDB", "LinuxSystem", "Signatures",
            "TerminalOutput", "WebAddress", "XML", "YAML", "Zstandard",
        ]),
    tests(
        "FormatsTests",
        ["BytePath", "Digests", "ELF", "FileIndex", "PackageModel", "RootIndex", "StoneFormat", "Zstandard"]),
    tests(
        "EngineTests",
        [
            "Blit", "BytePath", "Digests", "Failures", "FileTree", "GarbageCollection", "Ingest", "LinuxSystem",
            "ObjectStore", "PackageCatalog", "PackageModel", "States", "StoneFormat", "Storage", "ViewImage",
        ]),
    tests(
        "ClientsTests",
        [
            "BytePath", "CollectionIndex", "CollectionSettings", "CommandLineSupport", "Deb2StoneCommands",
            "DebianImport", "Digests", "Downloads", "ELF", "Failures", "FileIndex", "FileTree", "Installation", "JSON",
            "LinuxSystem", "Maintenance", "MossCommands", "ObjectStore", "ObjectStores", "PackageAnalysis",
            "PackageCatalog", "PackageModel", "Publishing", "RootIndex", "Sandbox", "Scratch", "Signatures", "Solver",
            "States", "StoneEmission", "StoneFiles", "StoneFormat", "Storage", "TerminalOutput", "Transfer", "Trial",
            "Trust", "ViewProcess", "Views", "WebAddress",
        ]),
    tests(
        "ProgramTests",
        [
            "BytePath", "CollectionIndex", "CollectionSettings", "Digests", "FileTree", "Installation", "LinuxSystem",
            "ObjectStore", "PackageModel", "Sandbox", "Signatures", "States", "StoneFormat", "Storage", "Trust",
            "Zstandard", "call-tracer", "corpus-generator", "deb2stone", "hash-files", "link-tree", "moss",
            "moss-fetch", "moss-sandbox", "moss-view",
        ], exclude: ["OldRoots/format-2.tar.zst"]),
]

func fuzzer(_ name: String) -> Target {
    .executableTarget(
        name: name, dependencies: ["CLibFuzzer", "TestSupport"], path: "Tests/Fuzz/\(name)", swiftSettings: settings)
}

/// Only tools/fuzz asks for these, since they need the whole build instrumented.
let fuzzers: [Target] =
    Context.environment["MOSS_FUZZ"] == nil
    ? []
    : [
        .systemLibrary(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"), fuzzer("FileIndexFuzzer"),
        fuzzer("IndexFuzzer"),
        fuzzer("KDLFuzzer"), fuzzer("RootIndexFuzzer"), fuzzer("StoneFuzzer"),
    ]

let benchmarks: [Target] = [
    .executableTarget(
        name: "corpus-generator",
        dependencies: [
            "BytePath", "Digests", "LinuxSystem", "PackageModel", "StoneEmission", "StoneFormat", argumentParser,
        ],
        path: "Benchmarks/CorpusGenerator", swiftSettings: settings),
    .executableTarget(
        name: "hash-files", path: "Benchmarks/HashFiles", linkerSettings: [.linkedLibrary("xxhash")]),
    .executableTarget(name: "link-tree", path: "Benchmarks/LinkTree"),
    .executableTarget(
        name: "moss-benchmark",
        dependencies: [
            "Blit", "BytePath", "CollectionIndex", "CollectionSettings", "FileTree", "Ingest", "Installation",
            "LinuxSystem", "ObjectStore", "PackageCatalog", "PackageModel", "Solver", "States", "Storage",
            argumentParser,
        ],
        path: "Benchmarks/Harness", swiftSettings: settings),
]

let package = Package(
    name: "moss",
    products: [
        .executable(name: "deb2stone", targets: ["deb2stone"]),
        .executable(name: "moss", targets: ["moss"]),
        .executable(name: "moss-all", targets: ["moss-all"]),
        .executable(name: "moss-fetch", targets: ["moss-fetch"]),
        .executable(name: "moss-sandbox", targets: ["moss-sandbox"]),
        .executable(name: "moss-view", targets: ["moss-view"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: cLibraries + base + formats + engine + clients + programs + allTests + fuzzers + benchmarks
)
