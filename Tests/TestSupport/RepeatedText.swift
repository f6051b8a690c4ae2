import Testing

/// A text of many repetitions, which logs show as what is repeated.
package struct RepeatedText: Sendable, CustomTestStringConvertible {
    package let start: String
    package let unit: String
    package let count: Int

    package init(_ start: String, _ unit: String, count: Int) {
        (self.start, self.unit, self.count) = (start, unit, count)
    }

    package init(_ unit: String, count: Int) { self.init("", unit, count: count) }

    package var text: String { start + String(repeating: unit, count: count) }

    package var testDescription: String { "\(start)\(unit) x \(count)" }
}
