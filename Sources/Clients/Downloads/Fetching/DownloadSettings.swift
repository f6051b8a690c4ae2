package import Transfer

/// How files are fetched: what the process that does it is told, and when to give up.
package struct DownloadSettings: Hashable, Sendable {
    package var transfer = TransferSettings()
    /// Tries without a single byte more, after which a file is given up.
    package var tries = 5
    /// How long to wait before the second try; each wait is twice the one before it.
    package var waitMilliseconds: UInt64 = 500
    package var waitMillisecondsMax: UInt64 = 30_000
    /// Nothing is fetched.
    package var isOffline = false

    package init() {}
}
