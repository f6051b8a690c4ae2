internal import CommandLineSupport
package import Publishing
package import TerminalOutput
internal import WebAddress

/// What was sent into a store, or would be.
package struct PublishReport: Report {
    var target: String
    /// Absent for Amazon's own.
    var endpoint: String?
    var dryRun: Bool
    /// Whether readers see another collection than before.
    var isChanged: Bool
    /// Objects and their bytes, without pointers.
    var sentCount: Int
    var sentSize: UInt64
    /// Objects that were there already.
    var presentCount: Int
    var pointerCount: Int
    var removedCount: Int
    /// Objects that nothing names any more, and whose time is not over.
    var retiredCount: Int
    /// Unfinished uploads of an earlier command.
    var abortedCount: Int
    /// Requests to the store, repeated ones and all, and bytes that went out with them.
    var requestCount: Int
    var transferredSize: UInt64

    package init(_ sent: StorePublisher.Sent, dryRun: Bool) {
        target = sent.target
        endpoint = sent.endpoint
        self.dryRun = dryRun
        isChanged = sent.isChanged
        (sentCount, sentSize) = (sent.sentCount, sent.sentByteCount)
        presentCount = sent.presentCount
        pointerCount = sent.pointerCount
        removedCount = sent.removedCount
        retiredCount = sent.retiredCount
        abortedCount = sent.abortedCount
        requestCount = sent.requestCount
        transferredSize = sent.transferredByteCount
    }

    package func write(to output: TerminalStream) {
        let place = target.printable
        guard isChanged || sentCount + removedCount > 0 else {
            output.line("\(place): nothing new to publish, \(Measures.count(presentCount, "object")) there")
            return
        }
        let parts = [
            "\(Measures.count(sentCount, "object")) sent (\(Measures.size(sentSize)))",
            "\(presentCount) there before", Measures.count(pointerCount, "pointer"),
            "\(Measures.count(removedCount, "object")) removed",
        ]
        output.line("\(place): \(dryRun ? "would be " : "")\(parts.joined(separator: ", "))")
    }
}
