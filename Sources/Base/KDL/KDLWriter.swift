extension KDLNode {
    /// The text of `nodes`, a line for each and four spaces for each level; reads back to the same nodes.
    package static func text(_ nodes: [KDLNode]) -> [UInt8] {
        var text = ""
        for node in nodes { node.write(to: &text, level: 0) }
        return Array(text.utf8)
    }

    private func write(to text: inout String, level: Int) {
        let indent = String(repeating: "    ", count: level)
        text += indent + Self.annotation(type) + Self.word(name)
        for argument in arguments { text += " " + Self.text(argument) }
        for property in properties { text += " " + Self.word(property.name) + "=" + Self.text(property.value) }
        if !children.isEmpty {
            text += " {\n"
            for child in children { child.write(to: &text, level: level + 1) }
            text += indent + "}"
        }
        text += "\n"
    }

    private static func annotation(_ type: String?) -> String { type.map { "(\(word($0)))" } ?? "" }

    private static func word(_ text: String) -> String { text.isKDLWord ? text : quoted(text) }

    private static func text(_ value: KDLValue) -> String {
        let text =
            switch value.content {
            // Texts without quotes are legal here too, and hardly anybody expects them.
            case .text(let text): quoted(text)
            case .number(let text): text
            case .boolean(let value): value ? "#true" : "#false"
            case .null: "#null"
            }
        return annotation(value.type) + text
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if scalar.isKDLNewline || scalar.isKDLForbidden {
                    result += "\\u{\(String(scalar.value, radix: 16))}"
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
