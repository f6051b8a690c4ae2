package import BytePath
internal import LinuxSystem

extension HelperProcess {
    /// Finds a program that belongs to this one: beside it, in `../libexec/moss` from there, or in PATH.
    package static func find(_ name: BytePath) throws(HelperError) -> BytePath {
        let directory = (try? CurrentProcess.executablePath())?.parent
        let own = directory.map { [$0, $0.parent.appending("libexec/moss")] } ?? []
        let search = CurrentProcess.environmentPath("PATH")?.bytes ?? []
        let others = search.split(separator: UInt8(ascii: ":")).map { BytePath(bytes: Array($0)) }.filter(\.isAbsolute)
        for place in own + others {
            let path = place.appending(name)
            if CurrentProcess.canExecute(path) { return path }
        }
        throw HelperError(name, .missing)
    }
}
