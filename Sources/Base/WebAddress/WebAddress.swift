/// Addresses of http and https as values: normalised, without what has no place in configuration, and references that
/// never lead out of them.
///
/// Two that are written alike are the same: scheme and host are in lower case, the scheme's own port is left out, the
/// path begins with `/` and has no dot segments. Escapes stay as they are; what needs one and has none gets it.
package struct WebAddress: Hashable, Sendable {
    package enum Scheme: String, Hashable, Sendable {
        case http
        case https

        var port: UInt16 { self == .http ? 80 : 443 }
    }

    package let scheme: Scheme
    /// A name, or an address of IPv6 in brackets.
    package let host: String
    /// nil for the scheme's own.
    package let port: UInt16?
    /// Begins with `/`, in printable ASCII.
    package let path: String

    private static let byteCountMax = 4096

    package init(_ text: String) throws(WebAddressError) {
        guard text.utf8.count <= Self.byteCountMax else {
            throw WebAddressError(.tooLong, "an address has at most \(Self.byteCountMax) bytes")
        }
        let parts = URIParts(text)
        guard let scheme = Scheme(rawValue: parts.scheme?.lowercased() ?? ""), let authority = parts.authority else {
            throw WebAddressError(.notWeb, "this is not of the form https://HOST/PATH")
        }
        try Self.refuseExtras(parts)
        (host, port) = try Self.server(authority, scheme)
        self.scheme = scheme
        path = URIParts.withoutDotSegments(try Self.escaped(parts.path.isEmpty ? "/" : parts.path))
    }

    private init(_ address: WebAddress, path: String) {
        (scheme, host, port) = (address.scheme, address.host, address.port)
        self.path = path
    }

    package var text: String { "\(scheme.rawValue)://\(host)\(port.map { ":\($0)" } ?? "")\(path)" }

    // MARK: Parts

    private static func refuseExtras(_ parts: URIParts) throws(WebAddressError) {
        guard parts.query == nil else {
            throw WebAddressError(.query, "an address has no query (\"?\") here; a \"?\" in a name is written %3F")
        }
        guard parts.fragment == nil else {
            throw WebAddressError(
                .fragment, "an address has no fragment (\"#\") here; a \"#\" in a name is written %23")
        }
    }

    private static func server(
        _ authority: String, _ scheme: Scheme
    ) throws(WebAddressError) -> (host: String, port: UInt16?) {
        guard !authority.utf8.contains(UInt8(ascii: "@")) else {
            throw WebAddressError(
                .userInformation,
                "names and passwords have no place in an address, which everybody can read; they belong into a netrc file"
            )
        }
        var host = Substring(authority)
        var port: UInt16?
        let bracket = authority.utf8.lastIndex(of: UInt8(ascii: "]")) ?? authority.startIndex
        if let colon = authority.utf8[bracket...].lastIndex(of: UInt8(ascii: ":")) {
            host = authority[..<colon]
            let digits = authority[authority.utf8.index(after: colon)...]
            if !digits.isEmpty {
                guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(digits), number > 0
                else {
                    throw WebAddressError(.port, "\"\(digits)\" is no port; ports are numbers from 1 to 65535")
                }
                port = number == scheme.port ? nil : number
            }
        }
        guard isHost(host.utf8) else {
            throw WebAddressError(
                .host, "\"\(host)\" is no host: names have ASCII letters, digits, \"-\", \"_\" and \".\" only")
        }
        return (host.lowercased(), port)
    }

    private static func isHost(_ bytes: Substring.UTF8View) -> Bool {
        guard (1...253).contains(bytes.count) else { return false }
        if bytes.first == UInt8(ascii: "[") {
            let digits = bytes.dropFirst().dropLast()
            return bytes.last == UInt8(ascii: "]") && digits.contains(UInt8(ascii: ":"))
                && digits.allSatisfy { "0123456789abcdefABCDEF:.".utf8.contains($0) }
        }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return labels.allSatisfy { label in !label.isEmpty && label.allSatisfy { isPlain($0) && $0 != 0x7e } }
    }

    /// RFC 3986's unreserved characters, "." left out, which only some places allow.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }

    // MARK: Paths

    /// A path with escapes for what must not stand in one.
    ///
    /// Servers decode escapes before they look for files, so none may stand for what parts or climbs.
    private static func escaped(_ path: String) throws(WebAddressError) -> String {
        let bytes = Array(path.utf8)
        var text = ""
        for (place, byte) in bytes.enumerated() {
            switch byte {
            case 0..<0x20, 0x7f, UInt8(ascii: "\\"):
                throw WebAddressError(.path, "control characters and \"\\\" have no place in an address")
            case UInt8(ascii: "%"):
                guard let code = hexadecimal(bytes[(place + 1)...].prefix(2)) else {
                    throw WebAddressError(
                        .path, "behind \"%\" two hexadecimal digits were expected; \"%\" is written %25")
                }
                guard ![0, UInt8(ascii: "/"), UInt8(ascii: "\\")].contains(code) else {
                    throw WebAddressError(.path, "an escape in it stands for NUL, \"/\" or \"\\\"")
                }
                text += "%"
            case UInt8(ascii: "/"), UInt8(ascii: "."): text.unicodeScalars.append(Unicode.Scalar(byte))
            case _ where isPlain(byte) || "!$&'()*+,;=:@".utf8.contains(byte):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += escape(byte)
            }
        }
        let climbs = text.utf8.split(separator: UInt8(ascii: "/")).contains { segment in
            segment.contains(UInt8(ascii: "%"))
                && [".", ".."].contains(String(Substring(segment)).lowercased().replacing("%2e", with: "."))
        }
        guard !climbs else { throw WebAddressError(.path, "an escape in it stands for \".\" or \"..\"") }
        return text
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt8? {
        let isHexadecimal = digits.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x46).contains($0 & 0xdf) }
        return digits.count == 2 && isHexadecimal ? UInt8(String(decoding: digits, as: UTF8.self), radix: 16) : nil
    }

    private static func escape(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "%" + (digits.utf8.count < 2 ? "0" : "") + digits
    }

    /// The same address with a `/` at its end.
    package var asDirectory: WebAddress { path.hasSuffix("/") ? self : WebAddress(self, path: path + "/") }

    /// What it lies in, and itself where it ends with `/`.
    package var directory: WebAddress {
        let end = path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
        return WebAddress(self, path: String(path[...end]))
    }

    /// What comes behind the last `/`, as it is written.
    package var lastComponent: String { String(path.dropFirst(directory.path.utf8.count)) }

    /// The root of its server.
    package var server: WebAddress { WebAddress(self, path: "/") }

    /// A path below this directory, of names that are taken literally.
    /// - Precondition: no name is empty, `.` or `..`.
    package func appending(_ names: String...) -> WebAddress {
        let texts = names.map { name in
            precondition(!["", ".", ".."].contains(name), "a name in an address that means something else")
            return name.utf8.reduce(into: "") { text, byte in
                if Self.isPlain(byte) || byte == UInt8(ascii: ".") {
                    text.unicodeScalars.append(Unicode.Scalar(byte))
                } else {
                    text += Self.escape(byte)
                }
            }
        }
        return WebAddress(self, path: asDirectory.path + texts.joined(separator: "/"))
    }

    // MARK: References

    /// What `reference` means at this address, by section 5 of RFC 3986.
    ///
    /// - Parameter limit: the directory that it has to stay below, on the same server.
    /// - Throws: for what leads elsewhere, has a query or a fragment, or is no reference.
    package func resolving(_ reference: String, below limit: WebAddress) throws(WebAddressError) -> WebAddress {
        guard reference.utf8.count <= Self.byteCountMax else {
            throw WebAddressError(.tooLong, "a reference has at most \(Self.byteCountMax) bytes")
        }
        var parts = URIParts(reference)
        try Self.refuseExtras(parts)
        guard isOn(limit), parts.scheme.map({ $0.lowercased() == scheme.rawValue && parts.authority != nil }) ?? true
        else { throw WebAddressError(.leavesServer, "it leads to another place than \(server.text)") }
        if let authority = parts.authority {
            guard try Self.server(authority, scheme) == (host, port) else {
                throw WebAddressError(.leavesServer, "it leads to another server than \(server.text)")
            }
            if parts.path.isEmpty { parts.path = "/" }
        }
        parts.path = try Self.escaped(parts.path)
        let result = WebAddress(self, path: parts.resolved(against: URIParts(text)).path)
        guard result.path.hasPrefix(limit.asDirectory.path) else {
            throw WebAddressError(.leavesDirectory, "it leads out of \(limit.asDirectory.text)")
        }
        return result
    }

    private func isOn(_ other: WebAddress) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }
}

extension WebAddress: CustomStringConvertible {
    package var description: String { text }
}
