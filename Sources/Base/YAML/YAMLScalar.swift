/// One value of a YAML text, without a type.
package struct YAMLScalar: Hashable, Sendable {
    /// How it was written.
    package enum Style: Hashable, Sendable {
        /// Without quotes: the only style in which `null` and `true` are more than text.
        case plain
        case singleQuoted
        case doubleQuoted
        /// A block after `|`.
        case literal
        /// A block after `>`.
        case folded
    }

    package var text: String
    package var style: Style

    package init(_ text: String, style: Style = .plain) {
        self.text = text
        self.style = style
    }

    /// Whether it says that there is no value: `key:`, `~` or `null`, unquoted.
    package var isNull: Bool {
        style == .plain && ["", "~", "null", "Null", "NULL"].contains(text)
    }
}
