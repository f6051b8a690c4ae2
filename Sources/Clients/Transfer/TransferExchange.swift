package import BytePath
package import Digests

/// A request to a store of objects, and all of its answer, which is small.
package struct TransferExchange: Hashable, Sendable {
    package enum Method: UInt8, Hashable, Sendable, CaseIterable {
        case get, head, put, post, delete
    }

    /// What is sent with it.
    package enum Body: Hashable, Sendable {
        case none
        case bytes([UInt8])
        /// A part of a file below the directory that the process was given.
        case file(BytePath, offset: UInt64, count: UInt64)
    }

    package struct Header: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// As in ``TransferRequest``.
    package var number: UInt32
    package var method: Method
    /// An absolute http or https address, as it is to be signed.
    package var address: String
    package var headers: [Header] = []
    package var body = Body.none
    /// SHA-256 of the body, which is signed with the rest.
    package var digest = SHA256Digest(hashing: UnsafeRawBufferPointer(start: nil, count: 0))
    package var signing: TransferSigning?

    /// Of an answer's body.
    package static let answerByteCountMax = 6 << 20

    package init(number: UInt32 = 0, method: Method, address: String) {
        self.number = number
        self.method = method
        self.address = address
    }
}

/// What a server answered to an exchange.
package struct TransferAnswer: Hashable, Sendable {
    package var status: Int32 = 0
    /// Names in lower case: those that are of use to stores' clients.
    package var headers: [TransferExchange.Header] = []
    package var body: [UInt8] = []
    /// Bytes of the request's body that went out.
    package var sent: UInt64 = 0

    package init() {}

    package subscript(header: String) -> String? { headers.first { $0.name == header }?.value }
}

/// Who asks a store, for signatures of version 4. No text shows the secrets in it.
package struct TransferSigning: Hashable, Sendable {
    package var accessKey: String
    package var secretKey: String
    /// With keys that were lent for a while; else empty.
    package var sessionToken: String
    package var region: String

    package init(accessKey: String, secretKey: String, sessionToken: String = "", region: String) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.region = region
    }
}

extension TransferSigning: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "the keys of \(accessKey)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
