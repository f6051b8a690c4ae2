/// One source file as far as the rules look into it: imports, doc comments, types, literals and the length of functions.
struct SwiftSource {
    struct Function: Equatable {
        /// First line, counted from 1.
        var line: Int
        /// Lines from the keyword to the closing brace, both included.
        var lineCount: Int
    }

    var lineCount: Int
    /// Modules named by import declarations.
    var imports: [String] = []
    /// The doc comments, each as one line of words.
    var docComments: [String] = []
    var functions: [Function] = []
    /// Names that are called as free functions, or as members of Glibc.
    var freeCalls: Set<String> = []
    /// The classes and actors that are declared here.
    var referenceTypes: Set<String> = []
    /// The texts of string literals, with an ellipsis for what is put into them.
    var literals: [String] = []
    /// What commands declared here are called on the command line.
    var commandNames: Set<String> = []

    init(_ bytes: [UInt8]) {
        let (code, literals) = Self.codeAndLiterals(of: bytes)
        self.literals = literals
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        lineCount = lines.last?.isEmpty == true ? lines.count - 1 : lines.count
        imports = code.split(separator: UInt8(ascii: "\n")).compactMap(Self.importedModule)
        docComments = Self.docComments(in: lines.map { String(decoding: $0, as: UTF8.self) })
        functions = Self.functions(in: code)
        freeCalls = Self.freeCalls(in: code)
        referenceTypes = Self.referenceTypes(in: code)
        commandNames = Self.commandNames(in: bytes)
    }

    /// The module of an import declaration: `package import A`, `@testable import B`, `import struct C.D`.
    private static func importedModule(_ line: ArraySlice<UInt8>) -> String? {
        let words = String(decoding: line, as: UTF8.self).split { $0 == " " || $0 == "." || $0 == ";" || $0 == "\t" }
        guard let keyword = words.firstIndex(of: "import"), keyword + 1 < words.count,
            words[..<keyword].allSatisfy({
                $0.hasPrefix("@") || ["public", "package", "internal", "private", "fileprivate"].contains($0)
            })
        else { return nil }
        let kinds: Set<Substring> = ["class", "enum", "func", "let", "protocol", "struct", "typealias", "var"]
        let rest = words[(keyword + 1)...].drop { kinds.contains($0) }
        return rest.first.map(String.init)
    }

    private static func docComments(in lines: [String]) -> [String] {
        var comments: [String] = []
        var current: [Substring] = []
        for line in lines {
            let text = line.drop { $0 == " " }
            if text.hasPrefix("///") {
                current += text.dropFirst(3).split(separator: " ")
            } else if !current.isEmpty {
                comments.append(current.joined(separator: " "))
                current = []
            }
        }
        return comments
    }

    /// The functions, initialisers, deinitialisers and subscripts that have a body.
    private static func functions(in code: [UInt8]) -> [Function] {
        var functions: [Function] = []
        var line = 1
        var index = 0
        while index < code.count {
            if code[index] == UInt8(ascii: "\n") { line += 1 }
            guard isWordStart(index, in: code) else {
                index += 1
                continue
            }
            let end = code[index...].firstIndex { !isWordByte($0) } ?? code.count
            let word = String(decoding: code[index..<end], as: UTF8.self)
            let isMember = index > 0 && code[index - 1] == UInt8(ascii: ".")
            if ["func", "init", "deinit", "subscript"].contains(word) && !isMember,
                let lineCount = bodyLineCount(after: end, in: code)
            {
                functions.append(Function(line: line, lineCount: lineCount))
            }
            index = end
        }
        return functions
    }

    private static func freeCalls(in code: [UInt8]) -> Set<String> {
        var calls: Set<String> = []
        var index = 0
        while index < code.count {
            guard isWordStart(index, in: code) else {
                index += 1
                continue
            }
            let end = code[index...].firstIndex { !isWordByte($0) } ?? code.count
            let before = String(decoding: code[max(0, index - 6)..<index], as: UTF8.self)
            let isFree = before.hasSuffix("Glibc.") || !before.hasSuffix(".") && !before.hasSuffix("func ")
            if isFree && end < code.count && [UInt8(ascii: "("), UInt8(ascii: "<")].contains(code[end]) {
                calls.insert(String(decoding: code[index..<end], as: UTF8.self))
            }
            index = end
        }
        return calls
    }

    /// Lines from `start` to the end of the first block after it; nil where the enclosing block ends first.
    private static func bodyLineCount(after start: Int, in code: [UInt8]) -> Int? {
        var parentheses = 0
        var braces = 0
        var lines = 1
        for byte in code[start...] {
            switch byte {
            case UInt8(ascii: "\n"): lines += 1
            case UInt8(ascii: "("), UInt8(ascii: "["): parentheses += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"):
                parentheses -= 1
                if parentheses < 0 { return nil }
            case UInt8(ascii: "{") where parentheses == 0: braces += 1
            case UInt8(ascii: "}") where parentheses == 0:
                braces -= 1
                if braces < 0 { return nil }
                if braces == 0 { return lines }
            default: break
            }
        }
        return nil
    }

    private static func isWordStart(_ index: Int, in code: [UInt8]) -> Bool {
        isWordByte(code[index]) && (index == 0 || !isWordByte(code[index - 1]))
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "`"), 0x80...: true
        default: false
        }
    }
}
