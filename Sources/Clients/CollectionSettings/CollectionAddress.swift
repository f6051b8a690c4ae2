package import BytePath
package import Downloads
package import WebAddress

/// Where a collection is, as people type it.
package enum CollectionAddress {
    /// The uri to configure: addresses of http and https normalised, other URLs as they are, paths made absolute.
    ///
    /// - Parameter directory: what a relative path is meant from; it is read from anywhere later on.
    /// - Throws: `invalidLocation` for text that is neither.
    package static func uri(
        _ text: String, relativeTo directory: @autoclosure () -> BytePath
    ) throws(RepositoryError) -> String {
        guard !text.utf8.isEmpty, !text.utf8.contains(0) else {
            throw RepositoryError(
                .invalidLocation, "\"\(text)\"", "a collection's address is a path or a file URL, and this is empty")
        }
        if let scheme = URIReference.scheme(of: text) {
            if scheme == "http" || scheme == "https" { return try web(text).text }
            guard scheme == "file", URIReference.path(ofFileURL: text) == nil else { return text }
            throw RepositoryError(
                .invalidLocation, "\"\(text)\"",
                "a file URL names an absolute path on this machine, such as file:///srv/stones, without ? and #")
        }
        return uri(of: text.hasPrefix("/") ? BytePath(text) : directory().appending(BytePath(text)))
    }

    /// The same for an argument that need not be text.
    package static func uri(
        _ argument: BytePath, relativeTo directory: @autoclosure () -> BytePath
    ) throws(RepositoryError) -> String {
        if let text = String(validating: argument.bytes, as: UTF8.self) {
            return try uri(text, relativeTo: directory())
        }
        guard URIReference.scheme(of: argument.display) == nil else {
            // In a URL such bytes are written as escapes; encoding only these keeps the ones that are there.
            return try uri(
                argument.bytes.reduce(into: "") { text, byte in
                    text += byte < 0x80 ? String(Unicode.Scalar(byte)) : URIReference.encode(BytePath(bytes: [byte]))
                }, relativeTo: directory())
        }
        return uri(of: argument.isAbsolute ? argument : directory().appending(argument))
    }

    /// The directory of a mirror, which may be given by the index that lies in it.
    package static func mirror(_ text: String) throws(RepositoryError) -> WebAddress {
        let address = try web(text)
        return address.lastComponent.hasSuffix(".index") ? address.directory : address.asDirectory
    }

    /// An address of http or https.
    package static func web(_ text: String) throws(RepositoryError) -> WebAddress {
        do throws(WebAddressError) {
            return try WebAddress(text)
        } catch {
            throw RepositoryError(.invalidLocation, "\"\(shown(text))\"", error.message)
        }
    }

    /// The text without what may be a password in it.
    private static func shown(_ text: String) -> String {
        guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else { return text }
        return "…" + text[at...]
    }

    /// A path as it is where it is text, else as a file URL, in which any byte can be written.
    package static func uri(of path: BytePath) -> String {
        if let text = String(validating: path.bytes, as: UTF8.self) { return text }
        return "file://" + URIReference.encode(path)
    }
}
