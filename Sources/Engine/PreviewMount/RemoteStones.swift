package import Digests
package import LinuxSystem
package import ViewImage

/// A part of a stone's file, and the SHA-256 of its bytes.
package struct RemotePart: Hashable, Sendable {
    package let range: Range<UInt64>
    package let digest: SHA256Digest
}

/// Brings what lies elsewhere of stones; asked on threads that serve nobody meanwhile.
package protocol RemoteStones: Sendable {
    /// Begins to fetch all of `parts`. The result waits for one by its number and gives its bytes, verified.
    func begin(_ parts: [RemotePart], of stone: ViewRequest.Stone) throws -> (Int) throws -> [UInt8]
    /// Fetches all of a stone, verified, for `body` to read; nothing of it stays.
    func withWhole(_ stone: ViewRequest.Stone, _ body: (borrowing Descriptor) throws -> Void) throws
}
