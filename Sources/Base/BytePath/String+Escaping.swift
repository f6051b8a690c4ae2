extension String {
    /// The bytes as text: what is UTF-8 as it is, every other byte as `escape` says.
    ///
    /// - Parameters:
    ///   - isRefused: whether a scalar's bytes are escaped although they are UTF-8.
    ///   - escape: without it `\xNN`, so that no two sequences of bytes look alike but those that spell it out.
    package init(
        escaping bytes: some Collection<UInt8>, where isRefused: (Unicode.Scalar) -> Bool = { _ in false },
        as escape: (UInt8) -> String = { $0 < 16 ? "\\x0" + String($0, radix: 16) : "\\x" + String($0, radix: 16) }
    ) {
        self = ""
        var rest = bytes[...]
        while let first = rest.first {
            var decoder = UTF8()
            var iterator = rest.prefix(4).makeIterator()
            if case .scalarValue(let scalar) = decoder.decode(&iterator), !isRefused(scalar) {
                unicodeScalars.append(scalar)
                rest = rest.dropFirst(UTF8.width(scalar))
            } else {
                append(escape(first))
                rest = rest.dropFirst()
            }
        }
    }
}
