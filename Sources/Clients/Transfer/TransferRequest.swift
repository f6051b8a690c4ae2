package import BytePath
package import Digests

/// What the process that fetches is asked, and what it answers: messages on a socket.
///
/// One file, or a part of one, by HTTP.
package struct TransferRequest: Hashable, Sendable {
    /// Chosen by whoever asks; answers carry it.
    package var number: UInt32
    /// An absolute http or https address.
    package var address: String
    /// The name below the directory that the process was given.
    package var file: BytePath
    /// Bytes of the file that are there and stay: the transfer goes on behind them.
    package var offset: UInt64 = 0
    /// Where the wanted part ends; nil for all of it.
    package var end: UInt64?
    /// Only these bytes of the file are wanted, and what is made of them is a file of its own: `offset` and all sizes of
    /// answers count from where they begin, `end` is nil. Nil for a file from its beginning on.
    package var part: Range<UInt64>?
    /// What the whole file has to be long; nil where nobody promised anything.
    package var size: UInt64?
    /// The whole file is at most so long.
    package var sizeMax: UInt64
    /// The ETag or the time that a former answer had: goes on only with the same file, or, with `onlyIfChanged`, says
    /// that it is the same.
    package var validator = ""
    package var onlyIfChanged = false
    /// Whether the SHA-256 of the whole file, or of all of `part`, is wanted; `end` is nil then.
    package var hashes = false
    /// How the request is signed; nil for not at all.
    package var signing: TransferSigning?

    package init(number: UInt32, address: String, file: BytePath, sizeMax: UInt64) {
        self.number = number
        self.address = address
        self.file = file
        self.sizeMax = sizeMax
    }
}

/// How transfers are done.
package struct TransferSettings: Hashable, Sendable {
    /// Connections to one server.
    package var connectionsPerHost: UInt32 = 16
    /// Connections in all.
    package var connections: UInt32 = 32
    /// Bytes in a second, of all transfers; 0 for no limit.
    package var bandwidth: UInt64 = 0
    /// A server that takes longer to answer is not reachable.
    package var connectSeconds: UInt32 = 15
    /// One that sends less than `slowBytes` in each second of these has stalled.
    package var stallSeconds: UInt32 = 30
    package var slowBytes: UInt32 = 1000

    package init() {}
}

/// What the process is told.
package enum TransferCommand: Hashable, Sendable {
    /// Comes first.
    case settings(TransferSettings)
    case start(TransferRequest)
    case exchange(TransferExchange)
    /// Its answer is the last one about that transfer.
    case cancel(UInt32)
}

/// What the process answers.
package enum TransferEvent: Hashable, Sendable {
    /// The file has so many bytes now; of an exchange, so many were sent.
    case progress(UInt32, UInt64)
    case finished(UInt32, TransferResult)
    case failed(UInt32, TransferFailure)
    /// What came of an exchange, whatever the server said.
    case answered(UInt32, TransferAnswer)
}

/// A transfer that did what it should.
package struct TransferResult: Hashable, Sendable {
    /// The server says that the file is the one the validator belongs to; nothing came.
    package var isUnchanged = false
    /// Bytes of the file now.
    package var byteCount: UInt64 = 0
    /// Of these, how many came by this transfer.
    package var transferred: UInt64 = 0
    /// Of the whole file, where it was wanted.
    package var digest: SHA256Digest?
    /// To ask with the next time: the ETag, else the time of last change; empty where the server gives neither.
    package var validator = ""

    package init() {}
}

/// Why a transfer came to nothing. What arrived before is in the file.
package struct TransferFailure: Hashable, Sendable {
    package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        /// No connection, or none in time.
        case unreachable
        /// Too slow for too long.
        case stalled
        /// The connection ended in the middle.
        case interrupted
        /// The server has too much to do, or something of its own is broken.
        case busy
        /// The server has no such file.
        case notFound
        /// The server does not give the file away.
        case refused
        /// The file is longer or shorter than promised.
        case wrongLength
        /// More than anybody promised, in the body or in the head.
        case endless
        /// Leads to where no file may come from, or round in circles.
        case badRedirect
        /// The answer is packed, or no HTTP at all.
        case malformed
        /// The server cannot prove who it is.
        case untrusted
        /// A part of the file was wanted, and the server sends wholes only.
        case noRanges
        /// This machine could not keep what came; `number` says why.
        case local
    }

    package var kind: Kind
    /// What was the matter, as a phrase.
    package var message: String
    /// The status of HTTP, or errno of `local`; 0 where there is none.
    package var number: Int32 = 0
    /// Seconds to wait, as the server wishes; 0 where it said nothing.
    package var retryAfter: UInt32 = 0
    /// Bytes of the file now.
    package var byteCount: UInt64 = 0
    /// Of these, how many came by this transfer.
    package var transferred: UInt64 = 0
    /// As in ``TransferResult``.
    package var validator = ""

    package init(_ kind: Kind, _ message: String, number: Int32 = 0) {
        self.kind = kind
        self.message = message
        self.number = number
    }
}
