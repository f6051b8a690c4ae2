package import BytePath
import Glibc

/// Finds a program that belongs to this one: beside it, in `../libexec/moss` from there, or in PATH.
///
/// - Throws: ENOENT with the name where it is in none of these places.
package func findHelperProgram(_ name: BytePath) throws(SystemError) -> BytePath {
    let directory = (try? CurrentProcess.executablePath())?.parent
    let own = directory.map { [$0, $0.parent.appending("libexec/moss")] } ?? []
    let search = CurrentProcess.environmentPath("PATH")?.bytes ?? []
    let others = search.split(separator: UInt8(ascii: ":")).map { BytePath(bytes: Array($0)) }.filter(\.isAbsolute)
    for place in own + others {
        let path = place.appending(name)
        if path.withCString({ access($0, X_OK) }) == 0 { return path }
    }
    throw SystemError(.noSuchFile, call: "access", path: name)
}
