package import BytePath
package import Digests
package import Downloads
internal import LinuxSystem
internal import Transfer

/// A file to be sent, and what it has to be.
package struct FileToSend: Hashable, Sendable {
    /// Below the directory that the store sends from; also the object's key.
    package var path: BytePath
    package var size: UInt64
    package var digest: SHA256Digest

    package init(path: BytePath, size: UInt64, digest: SHA256Digest) {
        self.path = path
        self.size = size
        self.digest = digest
    }
}

/// An upload in parts that nobody has ended.
package struct UnfinishedUpload: Hashable, Sendable {
    var key: [UInt8]
    var id: String
}

extension ObjectStore {
    /// Files that are longer are sent in parts of this many bytes, or larger ones where these would be too many.
    package static let partByteCount: UInt64 = 16 << 20
    private static let partCountMax: UInt64 = 10_000
    /// Parts of one file that are on their way at once.
    private static let partsAtOnce = 4

    /// A part of a file, and what is signed for it.
    private struct Part: Sendable {
        var number: Int
        var offset: UInt64
        var count: UInt64
        var digest: SHA256Digest
    }

    /// Sends a file, in parts where it is long. The object appears whole or not at all.
    ///
    /// - Throws: `wrongStone` where the file is not what it should be; nothing is sent of it then.
    package func send(_ file: FileToSend) throws(RepositoryError) {
        let parts = try parts(of: file)
        guard parts.count > 1 else {
            let header = TransferExchange.Header(Self.digestHeader, file.digest.hexadecimal)
            let body = TransferExchange.Body.file(file.path, offset: 0, count: file.size)
            try ask(.put, file.path, [:], body, file.digest, [header], about: name(file.path))
            return
        }
        let header = TransferExchange.Header(Self.digestHeader, file.digest.hexadecimal)
        let begun = try ask(.post, file.path, ["uploads": ""], .none, nil, [header], about: name(file.path))
        let id = try StoreAnswers.begunUpload(begun.body, name(file.path))
        do throws(RepositoryError) {
            let tags = try inParallel(parts, threadCount: Self.partsAtOnce) { (part) throws(RepositoryError) in
                try self.send(part, of: file, id)
            }
            try complete(file, id, tags)
        } catch {
            // What was sent of it would be paid for until somebody looks.
            try? abort(UnfinishedUpload(key: Array(location.prefix.utf8) + file.path.bytes, id: id))
            throw error
        }
    }

    private func send(_ part: Part, of file: FileToSend, _ id: String) throws(RepositoryError) -> String {
        let body = TransferExchange.Body.file(file.path, offset: part.offset, count: part.count)
        let query = ["partNumber": "\(part.number)", "uploadId": id]
        let answer = try ask(.put, file.path, query, body, part.digest, about: name(file.path))
        guard let tag = answer["etag"], !tag.isEmpty, !tag.utf8.contains(where: { "<>&".utf8.contains($0) }) else {
            throw RepositoryError(.badServer, name(file.path), "the store took a part and does not say as what")
        }
        return tag
    }

    private func complete(_ file: FileToSend, _ id: String, _ tags: [String]) throws(RepositoryError) {
        let list = tags.enumerated().map { "<Part><PartNumber>\($0 + 1)</PartNumber><ETag>\($1)</ETag></Part>" }
        let body = Array("<CompleteMultipartUpload>\(list.joined())</CompleteMultipartUpload>".utf8)
        let (answer, isRepeated) = try perform(
            .post, try address(file.path, ["uploadId": id]), .bytes(body),
            body.withUnsafeBytes { SHA256Digest(hashing: $0) }, about: name(file.path))
        // Asked twice, the store may have done it the first time, and know nothing of the upload any more.
        if isRepeated, answer.status == 404, try look(file.path)?.size == file.size { return }
        try check(answer, name(file.path))
        try StoreAnswers.completedUpload(answer.body, name(file.path))
    }

    /// Reads the file once: what each part is, and whether the whole is what it should be.
    private func parts(of file: FileToSend) throws(RepositoryError) -> [Part] {
        let size = max(Self.partByteCount, (file.size + Self.partCountMax - 1) / Self.partCountMax)
        var parts: [Part] = []
        let whole = SHA256Hasher()
        try reporting { () throws(SystemError) in
            let opened = try connection.open(file.path)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
            defer { buffer.deallocate() }
            var place: UInt64 = 0
            repeat {
                let hasher = SHA256Hasher()
                let (start, end) = (place, min(place + size, file.size))
                while place < end {
                    let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(Int(clamping: end - place)))
                    let count = try opened.read(into: wanted, at: place)
                    if count == 0 { break }
                    let bytes = UnsafeRawBufferPointer(rebasing: wanted[..<count])
                    hasher.update(bytes)
                    whole.update(bytes)
                    place += UInt64(count)
                }
                parts.append(
                    Part(number: parts.count + 1, offset: start, count: place - start, digest: hasher.finish()))
                // Shorter than it was: the digest tells.
                if place < end { break }
            } while place < file.size
        }
        guard whole.finish() == file.digest else {
            throw RepositoryError(
                .wrongStone, file.path.display,
                "the file is not the one its index promises; publish into its directory anew")
        }
        return parts
    }

    // MARK: What was left

    /// Uploads below the prefix that were begun and not ended.
    package func unfinishedUploads() throws(RepositoryError) -> [UnfinishedUpload] {
        var uploads: [UnfinishedUpload] = []
        var query = ["encoding-type": "url", "prefix": location.prefix, "uploads": ""]
        for _ in 0..<100 {
            let answer = try ask(.get, "", query, about: location.text)
            let page = try StoreAnswers.uploads(answer.body, location.text)
            uploads += page.uploads.filter { $0.key.starts(with: location.prefix.utf8) }
            guard let next = page.next else { return uploads }
            (query["key-marker"], query["upload-id-marker"]) = (next.key, next.upload)
        }
        throw RepositoryError(.endlessData, location.text, "the store's list of unfinished uploads has no end")
    }

    /// Ends an upload, and with it what was sent of it.
    package func abort(_ upload: UnfinishedUpload) throws(RepositoryError) {
        let key = BytePath(bytes: Array(upload.key.dropFirst(location.prefix.utf8.count)))
        let (answer, _) = try perform(.delete, try address(key, ["uploadId": upload.id]), about: name(key))
        if answer.status != 404 { try check(answer, name(key)) }
    }
}
