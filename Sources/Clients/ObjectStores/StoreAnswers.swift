internal import Downloads
internal import Transfer
internal import XML

/// What stores answer, as far as it is read.
enum StoreAnswers {
    struct Page {
        var objects: [StoredObject] = []
        /// What the next page is asked for with; nil for the last one.
        var next: String?
    }

    struct UploadPage {
        var uploads: [UnfinishedUpload] = []
        var next: (key: String, upload: String)?
    }

    private static let keyByteCountMax = 1024

    /// - Parameter subject: the place, for errors.
    static func page(_ body: [UInt8], _ subject: String) throws(RepositoryError) -> Page {
        let root = try read(body, "ListBucketResult", subject)
        let isEncoded = root["EncodingType"]?.text == "url"
        var page = Page()
        for element in root.all("Contents") {
            guard let text = element["Key"]?.text, let size = element["Size"].flatMap({ UInt64($0.text) }),
                let key = isEncoded ? decoded(text) : Array(text.utf8), (1...keyByteCountMax).contains(key.count)
            else { throw nonsense(subject, "an object in its list has no key or no size") }
            page.objects.append(StoredObject(key: key, size: size))
        }
        if root["IsTruncated"]?.text == "true" {
            guard let next = root["NextContinuationToken"]?.text, !next.isEmpty else {
                throw nonsense(subject, "its list goes on, and it does not say how")
            }
            page.next = next
        }
        return page
    }

    static func uploads(_ body: [UInt8], _ subject: String) throws(RepositoryError) -> UploadPage {
        let root = try read(body, "ListMultipartUploadsResult", subject)
        let isEncoded = root["EncodingType"]?.text == "url"
        var page = UploadPage()
        for element in root.all("Upload") {
            guard let text = element["Key"]?.text, let id = element["UploadId"]?.text, !id.isEmpty,
                let key = isEncoded ? decoded(text) : Array(text.utf8)
            else { throw nonsense(subject, "an upload in its list has no key or no name") }
            page.uploads.append(UnfinishedUpload(key: key, id: id))
        }
        if root["IsTruncated"]?.text == "true" {
            guard let key = root["NextKeyMarker"]?.text, let id = root["NextUploadIdMarker"]?.text, !key.isEmpty else {
                throw nonsense(subject, "its list of uploads goes on, and it does not say how")
            }
            page.next = (isEncoded ? String(decoding: decoded(key) ?? [], as: UTF8.self) : key, id)
        }
        return page
    }

    static func begunUpload(_ body: [UInt8], _ subject: String) throws(RepositoryError) -> String {
        let root = try read(body, "InitiateMultipartUploadResult", subject)
        guard let id = root["UploadId"]?.text, !id.isEmpty else {
            throw nonsense(subject, "it begins an upload and does not name it")
        }
        return id
    }

    /// The end of an upload may be an error although its status is none: that was sent before the end was known.
    static func completedUpload(_ body: [UInt8], _ subject: String) throws(RepositoryError) {
        let root = try parse(body, subject)
        guard root.name != "Error" else {
            throw RepositoryError(.badServer, subject, "the store could not put its parts together: \(words(root))")
        }
        guard root.name == "CompleteMultipartUploadResult" else {
            throw nonsense(subject, "it answers the end of an upload with <\(shown(root.name))>")
        }
    }

    // MARK: Errors

    /// Why a store did not do what it was asked.
    static func refusal(_ answer: TransferAnswer, _ subject: String, isSigned: Bool) -> RepositoryError {
        let error = (try? XMLElement.read(answer.body)).flatMap { $0.name == "Error" ? $0 : nil }
        let code = error?["Code"]?.text ?? ""
        let cause = error.map(words) ?? "status \(answer.status)"
        switch (answer.status, code) {
        case (_, "NoSuchBucket"):
            return RepositoryError(
                .noSuchBucket, subject, "the store has no such bucket; make it first, or look at address and endpoint")
        case (301, _), (307, _):
            let region = answer["x-amz-bucket-region"].map { ", \(shown($0))" } ?? ""
            return RepositoryError(
                .badServer, subject,
                "the store says that it is elsewhere; give the bucket's region\(region), or endpoint")
        case (_, "AuthorizationHeaderMalformed"), (_, "RequestTimeTooSkewed"), (_, "ExpiredToken"),
            (_, "InvalidToken"), (401, _), (403, _):
            let advice =
                isSigned
                ? "look at the keys, at what they may do, and at region and clock"
                : "there are no keys to ask with: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write them into a file"
            return RepositoryError(.accessDenied, subject, "the store refuses this (\(cause)); \(advice)")
        case (404, _): return RepositoryError(.notFound, subject, "the store does not have it (\(cause))")
        case (500..., _): return RepositoryError(.unreachable, subject, "the store cannot answer now (\(cause))")
        default: return RepositoryError(.badServer, subject, "the store answers with an error (\(cause))")
        }
    }

    private static func words(_ error: XMLElement) -> String {
        [error["Code"], error["Message"]].compactMap { $0.map { shown($0.text) } }.joined(separator: ": ")
    }

    /// Text of a server's, for people: not too much of it, and nothing that a terminal would obey.
    private static func shown(_ text: String) -> String {
        String(text.prefix(200).unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : Character($0) })
    }

    // MARK: XML

    private static func read(
        _ body: [UInt8], _ name: String, _ subject: String
    ) throws(RepositoryError) -> XMLElement {
        let root = try parse(body, subject)
        guard root.name == name else { throw nonsense(subject, "it answers <\(shown(root.name))> for <\(name)>") }
        return root
    }

    private static func parse(_ body: [UInt8], _ subject: String) throws(RepositoryError) -> XMLElement {
        do throws(XMLError) {
            return try XMLElement.read(body, limits: XMLLimits(byteCountMax: TransferExchange.answerByteCountMax))
        } catch {
            throw nonsense(subject, "its answer is not XML as it should be: \(error)")
        }
    }

    private static func nonsense(_ subject: String, _ message: String) -> RepositoryError {
        RepositoryError(.badServer, subject, "the store answers what makes no sense: \(message)")
    }

    /// Keys as lists have them on request: escaped, and "+" for a blank.
    private static func decoded(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard rest.count >= 2, rest.first != UInt8(ascii: "+"),
                    let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                else { return nil }
                bytes.append(code)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return bytes
    }
}
