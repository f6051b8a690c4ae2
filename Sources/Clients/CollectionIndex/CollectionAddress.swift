package import BytePath
package import Downloads

/// Where a collection is, as people type it.
package enum CollectionAddress {
    /// The uri to configure: URLs as they are, paths made absolute.
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

    /// A path as it is where it is text, else as a file URL, in which any byte can be written.
    package static func uri(of path: BytePath) -> String {
        if let text = String(validating: path.bytes, as: UTF8.self) { return text }
        return "file://" + URIReference.encode(path)
    }
}
