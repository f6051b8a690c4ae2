/// A look-up in a state or a collection that could not be answered: the store behind it failed.
package struct LookupFailure: Error, CustomStringConvertible {
    /// What was looked up, in words: "packages that provide soname(libfoo.so.1(x86_64))".
    package var subject: String
    package var cause: any Error

    package init(subject: String, cause: any Error) {
        self.subject = subject
        self.cause = cause
    }

    package var description: String { "cannot look up \(subject): \(cause)" }
}
