extension SwiftSource {
    /// The names behind `class` and `actor`; `class func` declares none.
    static func referenceTypes(in code: [UInt8]) -> Set<String> {
        let words = String(decoding: code, as: UTF8.self).split { !$0.isLetter && !$0.isNumber && $0 != "_" }
        return zip(words, words.dropFirst()).reduce(into: []) { names, pair in
            let isDeclared = ["class", "actor"].contains(pair.0) && pair.1.first?.isUppercase == true
            if isDeclared { names.insert(String(pair.1)) }
        }
    }

    /// The texts behind `commandName:`.
    static func commandNames(in bytes: [UInt8]) -> Set<String> {
        let pieces = String(decoding: bytes, as: UTF8.self).split(separator: "commandName: \"").dropFirst()
        return Set(pieces.map { String($0.prefix { $0 != "\"" }) })
    }
}
