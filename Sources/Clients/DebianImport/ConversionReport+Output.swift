package import BytePath
internal import JSON
import LinuxSystem

extension ConversionReport {
    /// The report as JSON with sorted keys and a newline at its end.
    package var json: String {
        do {
            return String(decoding: try JSONValue(encoding: self).text(isPretty: true), as: UTF8.self) + "\n"
        } catch {
            // Strings, integers and arrays always encode.
            preconditionFailure("a report cannot be encoded: \(error)")
        }
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
