internal import CommandLineSupport
package import TerminalOutput

/// The versions of moss and of what it reads and writes.
package struct VersionReport: Report {
    var version = MossCommands.version
    var stoneFormat = 1
    var jsonSchema = MossCommands.jsonSchema

    package func write(to output: TerminalStream) {
        output.line("moss \(version) (stone format \(stoneFormat), JSON schema \(jsonSchema))")
    }
}
