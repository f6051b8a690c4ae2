import BytePath
import FileTree
import Installation
import LinuxSystem
import PackageModel
import States

/// The packages of a moss root in the database of pacman, another package manager: a limit for the same change.
///
/// Only the database is filled; files that are not there cost pacman nothing when it adds a package.
struct PacmanRoot {
    let root: BytePath
    /// `corpus-extra`, with its ten files.
    private let package: BytePath

    /// Nil where there is no pacman.
    ///
    /// - Parameter name: of a directory beside the root.
    init?(_ name: BytePath, beside moss: MossRoot) throws {
        guard let found = try? Run("pacman", ["--version"]), !found.output.isEmpty else { return nil }
        root = moss.root.parent.appending(name)
        package = root.appending("extra.pkg.tar.zst")
        let local = root.appending("var/lib/pacman/local")
        _ = try Run("mkdir", ["-p", local, root.appending("var/cache"), root.appending("extra")])
        let directory = try Descriptor.openDirectory(local)
        try directory.replaceFile("ALPM_DB_VERSION", with: Array("9\n".utf8))
        try Descriptor.openDirectory(root).replaceFile(
            "pacman.conf", with: Array("[options]\nArchitecture = auto\nSigLevel = Never\n".utf8))
        let installation = try Installation(opening: moss.root, .reading)
        guard let state = try installation.activeState() else { throw BenchmarkError("nothing is active") }
        var packages = 0
        for selection in state.selections {
            let metadata = try installation.metadata(of: selection.package)
            let files = try installation.files(of: selection.package)
            if metadata.name == "corpus-extra" {
                try Self.write(
                    files.filter { $0.entry.kind != .directory }.map(\.path), of: moss, to: root.appending("extra"))
                continue
            }
            packages += 1
            let name = "\(metadata.name)-1-1"
            try directory.makeDirectory(BytePath(name))
            let place = try directory.openDirectory(BytePath(name))
            try place.replaceFile("desc", with: Array(Self.description(metadata.name).utf8))
            var list = Array("%FILES%\nusr/\n".utf8)
            for (path, entry) in files {
                list += Array("usr/".utf8) + path.bytes
                list += Array((entry.kind == .directory ? "/\n" : "\n").utf8)
            }
            try place.replaceFile("files", with: list + Array("\n".utf8))
        }
        guard state.selections.count > packages else { return }
        let pack = "cd '\(root.display)/extra' && tar --zstd -cf ../extra.pkg.tar.zst .PKGINFO usr"
        _ = try Run("sh", ["-c", BytePath(pack)])
    }

    private static func description(_ name: String) -> String {
        """
        %NAME%\n\(name)\n\n%VERSION%\n1-1\n\n%BASE%\n\(name)\n\n%DESC%\nA package of the corpus.\n
        %ARCH%\nany\n\n%BUILDDATE%\n1600000000\n\n%INSTALLDATE%\n1600000000\n\n%PACKAGER%\nnobody\n
        %SIZE%\n100000\n\n%VALIDATION%\nnone\n\n
        """
    }

    private static func write(_ paths: [BytePath], of moss: MossRoot, to place: BytePath) throws {
        let information = """
            pkgname = corpus-extra\npkgbase = corpus-extra\npkgver = 1-1\npkgdesc = Ten files.\nbuilddate = 1600000000
            packager = nobody\nsize = 100000\narch = any\n
            """
        try Descriptor.openDirectory(place).replaceFile(".PKGINFO", with: Array(information.utf8))
        for path in paths {
            let target = place.appending("usr").appending(path)
            _ = try Run("mkdir", ["-p", target.parent])
            _ = try Run("cp", ["-dR", moss.tree.appending(path), target])
        }
    }

    func install() throws -> Double { try run(["-U", package]).seconds }

    func remove() throws { _ = try run(["-R", "corpus-extra"]) }

    func list() throws -> Double { try run(["-Q"]).seconds }

    private func run(_ arguments: [BytePath]) throws -> Run {
        let database = root.appending("var/lib/pacman")
        let options: [BytePath] = [
            "--root", root, "--dbpath", database, "--config", root.appending("pacman.conf"), "--cachedir",
            root.appending("var/cache"), "--logfile", root.appending("log"), "--noconfirm",
        ]
        return try Run("pacman", options + arguments)
    }
}
