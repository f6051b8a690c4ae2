package import BytePath
package import Digests
package import Downloads
package import LinuxSystem
internal import Transfer
internal import WebAddress

/// Objects in stores that speak S3: where they are, who asks for them, and how they are listed, sent and removed.
///
/// Keys are bytes below the location's prefix. What one thread asks does not wait for what others do.
package final class ObjectStore: Sendable {
    package let location: StoreLocation
    let connection: StoreConnection
    private let credentials: StoreCredentials?
    private let limits: StoreLimits

    /// - Parameter directory: what files are sent from.
    package init(
        _ location: StoreLocation, _ credentials: StoreCredentials?, sendingFrom directory: consuming Descriptor,
        _ settings: DownloadSettings = DownloadSettings(), limits: StoreLimits = StoreLimits()
    ) {
        self.location = location
        self.credentials = credentials
        self.limits = limits
        connection = StoreConnection(sendingFrom: directory, settings)
    }

    /// What was said to the store so far.
    package var traffic: StoreTraffic { connection.traffic }

    /// Called with the number of bytes that went out since the last call, on a thread that must not wait.
    package func tell(_ progress: (@Sendable (UInt64) -> Void)?) { connection.tell(progress) }

    // MARK: Looking

    /// Every object below the prefix, in whatever order the store has.
    package func list() throws(RepositoryError) -> [StoredObject] {
        var objects: [StoredObject] = []
        var token: String?
        var tokens: Set<String> = []
        repeat {
            var query = ["encoding-type": "url", "list-type": "2", "prefix": location.prefix]
            query["continuation-token"] = token
            let answer = try ask(.get, "", query, about: location.text)
            let page = try StoreAnswers.page(answer.body, location.text)
            for object in page.objects {
                // What lies elsewhere is none of ours, whoever lists it.
                guard object.key.starts(with: location.prefix.utf8) else { continue }
                objects.append(
                    StoredObject(
                        key: Array(object.key.dropFirst(location.prefix.utf8.count)), size: object.size))
            }
            token = page.next
            let goesOn = token.map { tokens.insert($0).inserted && !page.objects.isEmpty } ?? true
            guard goesOn, objects.count <= limits.objectCountMax, tokens.count <= limits.pageCountMax else {
                throw RepositoryError(
                    .endlessData, location.text,
                    "the store's list of objects has no end: it has brought "
                        + "\(objects.count) of at most \(limits.objectCountMax), and goes round in circles or on")
            }
        } while token != nil
        return objects
    }

    /// What is known of one object; nil where there is none.
    package func look(_ key: BytePath) throws(RepositoryError) -> (size: UInt64, digest: SHA256Digest?)? {
        let address = try address(key)
        let (answer, _) = try perform(.head, address, about: name(key))
        if answer.status == 404 { return nil }
        try check(answer, name(key))
        guard let size = answer["content-length"].flatMap({ UInt64($0) }) else {
            throw RepositoryError(.badServer, name(key), "the store does not say how large it is")
        }
        return (size, answer[Self.digestHeader].flatMap { SHA256Digest(hexadecimal: $0) })
    }

    // MARK: Changing

    /// What objects that are sent here say of themselves.
    static let digestHeader = "x-amz-meta-sha256"

    /// Sends bytes that are in memory.
    package func send(_ bytes: [UInt8], to key: BytePath) throws(RepositoryError) {
        let digest = bytes.withUnsafeBytes { SHA256Digest(hashing: $0) }
        _ = try ask(
            .put, key, [:], .bytes(bytes), digest, [.init(Self.digestHeader, digest.hexadecimal)], about: name(key))
    }

    /// Removes an object; one that is not there counts as removed.
    package func remove(_ key: BytePath) throws(RepositoryError) {
        let (answer, _) = try perform(.delete, try address(key), about: name(key))
        if answer.status != 404 { try check(answer, name(key)) }
    }

    // MARK: Requests

    /// What errors call an object.
    func name(_ key: BytePath) -> String { location.text + "/" + key.display }

    @discardableResult
    func ask(
        _ method: TransferExchange.Method, _ key: BytePath, _ query: [String: String],
        _ body: TransferExchange.Body = .none, _ digest: SHA256Digest? = nil,
        _ headers: [TransferExchange.Header] = [], about subject: String
    ) throws(RepositoryError) -> TransferAnswer {
        let address = try address(key, query)
        let (answer, _) = try perform(method, address, body, digest, headers, about: subject)
        try check(answer, subject)
        return answer
    }

    /// Asks, and returns whatever the store says.
    func perform(
        _ method: TransferExchange.Method, _ address: String, _ body: TransferExchange.Body = .none,
        _ digest: SHA256Digest? = nil, _ headers: [TransferExchange.Header] = [], about subject: String
    ) throws(RepositoryError) -> (answer: TransferAnswer, isRepeated: Bool) {
        var exchange = TransferExchange(method: method, address: address)
        (exchange.headers, exchange.body) = (headers, body)
        if let digest { exchange.digest = digest }
        exchange.signing = credentials?.signing(in: location.region)
        return try connection.perform(exchange, about: subject)
    }

    func check(_ answer: TransferAnswer, _ subject: String) throws(RepositoryError) {
        guard !(200...299).contains(answer.status) else { return }
        throw StoreAnswers.refusal(answer, subject, isSigned: credentials != nil)
    }

    /// An object's address; that of the bucket for no key.
    func address(_ key: BytePath, _ query: [String: String] = [:]) throws(RepositoryError) -> String {
        guard String(validating: key.bytes, as: UTF8.self) != nil, key.bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }),
            location.prefix.utf8.count + key.count <= 1024
        else {
            throw RepositoryError(
                .invalidLocation, key.display,
                "no object can be called so: names are UTF-8 without control characters, of at most 1024 bytes")
        }
        var text = location.bucketAddress.text
        if !key.isEmpty {
            let whole = Array(location.prefix.utf8) + key.bytes
            text += whole.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
                .map { StoreAccess.escaped($0) }.joined(separator: "/")
        }
        guard !query.isEmpty else { return StoreAccess.signable(text) }
        // Signatures are of queries in this order.
        let pairs = query.sorted { $0.key < $1.key }
            .map { "\($0.key)=\(StoreAccess.escaped($0.value.utf8))" }
        return StoreAccess.signable(text) + "?" + pairs.joined(separator: "&")
    }
}

/// How much is believed of a store's lists.
package struct StoreLimits: Hashable, Sendable {
    package var objectCountMax: Int
    package var pageCountMax: Int

    package init(objectCountMax: Int = 2_000_000, pageCountMax: Int = 20_000) {
        self.objectCountMax = objectCountMax
        self.pageCountMax = pageCountMax
    }
}

/// One object of a list.
package struct StoredObject: Hashable, Sendable {
    package var key: [UInt8]
    package var size: UInt64

    package init(key: [UInt8], size: UInt64) {
        self.key = key
        self.size = size
    }
}
