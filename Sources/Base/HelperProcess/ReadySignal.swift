internal import LinuxSystem

/// Tells whoever started this process, once, how that went; ``HelperAnswer`` reads it.
package final class ReadySignal: Sendable {
    private struct Pipe: ~Copyable {
        var descriptor: Descriptor?
    }
    private let pipe: Guarded<Pipe>

    /// - Parameter descriptor: the pipe's number, as it stands behind the option for it; nil where nobody asks.
    package init(_ descriptor: Int32?) {
        var end: Descriptor?
        if let descriptor { end = Descriptor(taking: descriptor) }
        pipe = Guarded(Pipe(descriptor: end))
    }

    /// - Parameter remark: one line.
    package func ready(_ remark: String = "") { _ = send(remark.isEmpty ? "R\n" : "R \(remark)\n") }

    /// - Returns: whether anybody was told.
    package func fail(_ cause: String) -> Bool { send("E\(cause)\n") }

    private func send(_ text: String) -> Bool {
        pipe.withLock { pipe in
            guard let end = pipe.descriptor.take() else { return false }
            // Whoever waits sees the pipe close in any case.
            return (try? end.write(Array(text.utf8))) != nil
        }
    }
}
