internal import JSON
internal import TerminalOutput

/// The JSON of every command: `{"schema": "moss/1", "command": …}` with `data`, or with `error`, and with `notices`,
/// where there are any: what opening the root had to repair or wait for.
///
/// Keys are sorted and in snake case. Control characters and the like are escaped, so that it can be shown as it is.
/// Within schema 1 fields are only ever added.
package enum JSONDocument {
    private struct Envelope<Value: Encodable>: Encodable {
        var schema: String
        var command: String
        var notices: [String]?
        var data: Value
    }

    private struct Failed: Encodable {
        struct Failure: Encodable {
            var code: String
            var message: String
            var exit: Int32
        }
        var schema: String
        var command: String
        var notices: [String]?
        var error: Failure
    }

    /// - Parameters:
    ///   - schema: the program and the number of its schema.
    ///   - command: noun and verb, as in `list installed`.
    package static func text(schema: String, command: String, notices: [String] = [], data: some Encodable) -> String {
        encoded(Envelope(schema: schema, command: command, notices: notices.isEmpty ? nil : notices, data: data))
    }

    package static func text(
        schema: String, command: String, notices: [String] = [], failure: ProgramFailure<some ProgramExit>
    ) -> String {
        let error = Failed.Failure(code: failure.code, message: failure.message, exit: failure.exit.rawValue)
        return encoded(Failed(schema: schema, command: command, notices: notices.isEmpty ? nil : notices, error: error))
    }

    private static func encoded(_ value: some Encodable) -> String {
        do {
            let text = try JSONValue(encoding: value, keys: .snakeCase).text()
            return String(decoding: text, as: UTF8.self).printableJSON
        } catch {
            // Reports hold integers, booleans, text, arrays and each other, all of which JSON can say.
            preconditionFailure("a report cannot be encoded: \(error)")
        }
    }
}
