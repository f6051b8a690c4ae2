internal import LinuxSystem

/// Tells whoever started the view, once, how that went.
final class ReadySignal: Sendable {
    private struct Pipe: ~Copyable {
        var descriptor: Descriptor?
    }
    private let pipe: Guarded<Pipe>

    init(_ descriptor: Int32?) {
        var end: Descriptor?
        if let descriptor { end = Descriptor(taking: descriptor) }
        pipe = Guarded(Pipe(descriptor: end))
    }

    func ready(_ reading: String) { _ = send("R \(reading)\n") }

    /// - Returns: whether anybody was told.
    func fail(_ cause: String) -> Bool { send("E\(cause)\n") }

    private func send(_ text: String) -> Bool {
        pipe.withLock { pipe in
            guard let end = pipe.descriptor.take() else { return false }
            // Whoever waits sees the pipe close in any case.
            return (try? end.write(Array(text.utf8))) != nil
        }
    }
}
