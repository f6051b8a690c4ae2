internal import CommandLineSupport
internal import Signatures
package import TerminalOutput
package import Trust

/// A secret key, without its secret.
package struct KeyReport: Report, Hashable, Sendable {
    package var name: String
    package var path: String
    package var pathBytes: String?
    package var id: String?
    package var publicKey: String?
    package var comment: String?
    package var isEncrypted: Bool?
    /// Why it cannot be used; the fields above are absent then.
    package var problem: String?

    package init(_ name: String, _ key: SecretKeyFile, _ path: PathText) {
        self.init(name, problem: nil, path)
        id = key.id.text
        publicKey = key.publicKey.hexadecimal
        comment = key.comment
        isEncrypted = key.isEncrypted
    }

    package init(_ name: String, problem: String?, _ path: PathText) {
        self.name = name
        (self.path, pathBytes) = (path.text, path.bytes)
        self.problem = problem
    }

    package func write(to output: TerminalStream) {
        output.line("\(name.printable): \(path.printable)")
        output.line("  id          \(id ?? "")")
        output.line("  public key  \(publicKey ?? "")")
    }
}

package struct KeyListReport: Report {
    package var keys: [KeyReport]

    package init(keys: [KeyReport]) {
        self.keys = keys
    }

    package func write(to output: TerminalStream) {
        var table = Table()
        for key in keys {
            let state = key.problem ?? (key.isEncrypted == true ? "encrypted" : "not encrypted")
            let comment = key.comment.map { "  \($0)" } ?? ""
            table.add(.init(key.name.printable, .bold), .init(key.id ?? ""), .init((state + comment).printable))
        }
        table.write(to: output)
    }
}

/// As text the public key alone, for other commands.
package struct KeyShowReport: Report {
    package var key: KeyReport

    package init(key: KeyReport) {
        self.key = key
    }

    package func encode(to encoder: any Encoder) throws {
        try key.encode(to: encoder)
    }

    package func write(to output: TerminalStream) {
        output.line(key.publicKey ?? "")
    }
}

/// What was signed, and how many signatures there are.
package struct SignedReport: Report {
    package struct Count: Encodable, Hashable, Sendable {
        package var keySet: UInt64
        package var signatures: Int
        package var threshold: Int
    }

    package var path: String
    package var pathBytes: String?
    package var type: String
    /// Absent where it is not known who has to sign.
    package var isComplete: Bool?
    package var counts: [Count]

    package init(_ signed: PublishedKeys.Signed) {
        let path = PathText(signed.path)
        (self.path, pathBytes) = (path.text, path.bytes)
        type = signed.type.rawValue
        isComplete = signed.counts.isEmpty ? nil : signed.isComplete
        counts = signed.counts.map {
            Count(keySet: $0.keySet, signatures: $0.signatures, threshold: $0.threshold)
        }
    }

    package func write(to output: TerminalStream) {
        output.line("\(path.printable): \(isComplete == false ? "signed, and more signatures are needed" : "signed")")
        for count in counts {
            output.line("  key set \(count.keySet): \(count.signatures) of \(count.threshold) signatures")
        }
        if isComplete == false { output.line("`moss key sign \(path.printable) --key NAME` adds one.") }
    }
}
