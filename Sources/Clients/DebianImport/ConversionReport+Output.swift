package import BytePath
import FoundationEssentials
import LinuxSystem

extension ConversionReport {
    /// The report as JSON with sorted keys and a newline at its end.
    package var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Strings, integers and arrays always encode.
        guard let bytes = try? encoder.encode(self) else { return "{}\n" }
        return String(decoding: bytes, as: UTF8.self) + "\n"
    }

    /// Writes the report to a file: as JSON if its name ends in `.json`, else for people.
    package func write(to path: BytePath) throws(DebianImportError) {
        let isJSON = path.bytes.suffix(5).elementsEqual(".json".utf8)
        do throws(SystemError) {
            let file = try Descriptor.open(path, [.write, .create, .truncate])
            try file.write(Array((isJSON ? json : text).utf8))
        } catch {
            throw DebianImportError(error, path)
        }
    }
}
