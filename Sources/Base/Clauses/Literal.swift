/// A variable that is true, or one that is not.
package struct Literal: Hashable, Sendable {
    package let code: Int

    package init(_ variable: Int, isTrue: Bool) { code = variable << 1 | (isTrue ? 0 : 1) }
    private init(code: Int) { self.code = code }

    package var variable: Int { code >> 1 }
    package var isTrue: Bool { code & 1 == 0 }
    package var opposite: Literal { Literal(code: code ^ 1) }
}
