package import Downloads
package import WebAddress

/// A place in a store that speaks S3: a bucket, and what the keys of its objects begin with.
package struct StoreLocation: Hashable, Sendable {
    package let bucket: String
    /// Empty, or ends with `/`.
    package let prefix: String
    /// Nil for Amazon's own, which the region tells.
    package let endpoint: WebAddress?
    package let region: String
    /// What the keys become addresses below.
    package let bucketAddress: WebAddress

    package static let scheme = "s3"
    package static let defaultRegion = "us-east-1"
    private static let prefixByteCountMax = 700

    /// - Parameter text: `s3://BUCKET/PREFIX`, without escapes.
    package init(_ text: String, endpoint: String? = nil, region: String? = nil) throws(RepositoryError) {
        let refuse = { (message: String) in RepositoryError(.invalidLocation, "\"\(text)\"", message) }
        guard URIReference.scheme(of: text) == Self.scheme, text.utf8.dropFirst(3).starts(with: "//".utf8) else {
            throw refuse("this is not of the form s3://BUCKET/PREFIX")
        }
        let rest = text.utf8.dropFirst(5)
        let names = rest.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { String($0) ?? "" }
        bucket = names[0]
        guard Self.isBucket(bucket.utf8) else {
            throw refuse("\"\(bucket)\" is no bucket: names have 3 to 63 small letters, digits, \"-\" and \".\"")
        }
        var components = names.dropFirst()
        if components.last == "" { components.removeLast() }
        let isPlain = components.allSatisfy { name in
            !["", ".", ".."].contains(name) && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
        }
        guard isPlain, rest.count <= Self.prefixByteCountMax else {
            throw refuse("behind the bucket stand names with single \"/\" between them, \"..\" not among them")
        }
        prefix = components.map { $0 + "/" }.joined()
        self.region = try Self.region(region)
        self.endpoint = try Self.endpoint(endpoint)
        bucketAddress = try Self.address(of: bucket, at: self.endpoint, in: self.region)
    }

    private static func region(_ text: String?) throws(RepositoryError) -> String {
        guard let text else { return defaultRegion }
        let isRegion = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5a).contains($0 & 0xdf) || "-_".utf8.contains($0)
        }
        guard isRegion, (1...64).contains(text.utf8.count) else {
            throw RepositoryError(
                .invalidLocation, "\"\(text)\"",
                "a region's name has letters, digits, \"-\" and \"_\", such as eu-west-1")
        }
        return text
    }

    private static func endpoint(_ text: String?) throws(RepositoryError) -> WebAddress? {
        guard let text else { return nil }
        do throws(WebAddressError) {
            return try WebAddress(text).asDirectory
        } catch {
            // What is wrong with it may be a password in it.
            throw RepositoryError(.invalidLocation, "the endpoint", error.message)
        }
    }

    /// Amazon wants the bucket in the host's name, where a certificate allows that; others in the path.
    private static func address(
        of bucket: String, at endpoint: WebAddress?, in region: String
    ) throws(RepositoryError) -> WebAddress {
        if let endpoint { return endpoint.appending(bucket).asDirectory }
        let host = "s3.\(region).amazonaws.com" + (region.hasPrefix("cn-") ? ".cn" : "")
        let isName = !bucket.utf8.contains(UInt8(ascii: "."))
        do throws(WebAddressError) {
            return try WebAddress(isName ? "https://\(bucket).\(host)/" : "https://\(host)/\(bucket)/")
        } catch {
            throw RepositoryError(.invalidLocation, "s3://\(bucket)", error.message)
        }
    }

    private static func isBucket(_ bytes: String.UTF8View) -> Bool {
        let isLetter = { (byte: UInt8) in (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) }
        guard (3...63).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        return isLetter(first) && isLetter(last) && bytes.allSatisfy { isLetter($0) || "-.".utf8.contains($0) }
            && !String(bytes).contains("..")
    }

    /// As people write it.
    package var text: String { "s3://\(bucket)/\(prefix)".withoutSlash }

    /// What all addresses of its objects begin with.
    package var directory: WebAddress {
        prefix.utf8.split(separator: UInt8(ascii: "/")).reduce(bucketAddress) { address, name in
            address.appending(String(name) ?? "")
        }.asDirectory
    }

    /// How objects here are read.
    package func access(with credentials: StoreCredentials?) -> StoreAccess {
        StoreAccess(prefix: directory.text, signing: credentials?.signing(in: region))
    }
}

extension String {
    fileprivate var withoutSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
