import BytePath
import LinuxSystem

/// A .deb: an ar archive of debian-binary, a control archive and a data archive.
struct DebFile {
    let path: BytePath

    /// What the control archive holds.
    struct Control {
        let control: DebianControl
        /// Absolute paths of configuration files.
        let conffiles: [BytePath]
        /// Other members, such as maintainer scripts, sorted.
        let otherMembers: [String]
    }

    private static let controlSizeMax = 16 << 20

    /// Reads the package once, front to back.
    ///
    /// - Parameters:
    ///   - control: gets the control archive's contents, before any data.
    ///   - data: gets a reader of the data archive and has to read it to its end.
    func read(
        control: (Control) throws(DebianImportError) -> Void,
        data: (inout ArchiveReader) throws(DebianImportError) -> Void
    ) throws(DebianImportError) {
        let descriptor: Descriptor
        do throws(SystemError) {
            descriptor = try Descriptor.open(path)
        } catch {
            throw DebianImportError(error, path)
        }
        try checkMagic(descriptor)
        var archive = try ArchiveReader.open(archiveOf: path, in: descriptor)
        guard let first = try archive.nextEntry(), first.path == "debian-binary",
            try archive.readContent(limit: 64).starts(with: Array("2.".utf8))
        else { throw DebianImportError(.notADebianPackage, path, "it does not begin with debian-binary 2") }
        var hasControl = false
        var hasData = false
        while let member = try archive.nextEntry() {
            if !hasControl, Self.isTar(member.path, "control.tar") {
                hasControl = true
                try archive.withNestedArchive { (nested) throws(DebianImportError) in
                    try control(readControl(&nested))
                }
            } else if hasControl, !hasData, Self.isTar(member.path, "data.tar") {
                hasData = true
                try archive.withNestedArchive(data)
            }
        }
        guard hasControl && hasData else {
            throw DebianImportError(
                .notADebianPackage, path, "it has no \(hasControl ? "data" : "control") archive; is it complete?")
        }
    }

    /// libarchive's words for other files are no help to a person.
    private func checkMagic(_ descriptor: borrowing Descriptor) throws(DebianImportError) {
        let magic = Array("!<arch>\n".utf8)
        var start = [UInt8](repeating: 0, count: magic.count)
        do throws(SystemError) {
            var span = start.mutableSpan
            _ = try span.withUnsafeMutableBytes { (buffer) throws(SystemError) in
                try descriptor.read(into: buffer, at: 0)
            }
        } catch {
            throw DebianImportError(error, path)
        }
        guard start == magic else {
            throw DebianImportError(.notADebianPackage, path, "this is no Debian package (no ar archive)")
        }
    }

    private static func isTar(_ path: BytePath, _ name: String) -> Bool {
        path.bytes.starts(with: name.utf8)
            && (path.count == name.utf8.count || path.bytes[name.utf8.count] == UInt8(ascii: "."))
    }

    private func readControl(_ archive: inout ArchiveReader) throws(DebianImportError) -> Control {
        var control: DebianControl?
        var conffiles: [BytePath] = []
        var others: [String] = []
        while let entry = try archive.nextEntry() {
            guard entry.isRegular else { continue }
            let name = entry.path.lastComponent
            if name == "control" {
                control = try DebianControl(archive.readContent(limit: Self.controlSizeMax), of: path)
            } else if name == "conffiles" {
                conffiles = Self.conffiles(try archive.readContent(limit: Self.controlSizeMax))
            } else {
                others.append(name.display)
            }
        }
        guard let control else { throw DebianImportError(.badControl, path, "its control archive has no control file") }
        return Control(control: control, conffiles: conffiles, otherMembers: others.sorted())
    }

    private static func conffiles(_ bytes: [UInt8]) -> [BytePath] {
        bytes.split(separator: UInt8(ascii: "\n")).map { BytePath($0) }.filter(\.isAbsolute)
    }
}
