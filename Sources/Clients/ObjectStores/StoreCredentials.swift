internal import BytePath
internal import Downloads
internal import LinuxSystem
package import Transfer

/// Who asks a store. No text shows the secrets in it.
package struct StoreCredentials: Hashable, Sendable {
    private let accessKey: String
    private let secretKey: String
    private let sessionToken: String

    /// - Parameter place: where they come from, for errors.
    init(
        accessKey: String, secretKey: String, sessionToken: String, place: String
    ) throws(RepositoryError) {
        let isPlain = [accessKey, secretKey, sessionToken].allSatisfy { text in
            text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        }
        guard isPlain, !accessKey.isEmpty, !secretKey.isEmpty else {
            throw RepositoryError(
                .malformedConfiguration, place,
                "keys of a store are two, an access key and a secret one, of printable characters without blanks")
        }
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
    }

    package func signing(in region: String) -> TransferSigning {
        TransferSigning(accessKey: accessKey, secretKey: secretKey, sessionToken: sessionToken, region: region)
    }
}

extension StoreCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "the keys of \(accessKey)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
