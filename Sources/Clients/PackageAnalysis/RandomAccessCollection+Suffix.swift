extension RandomAccessCollection<UInt8> {
    /// Whether the bytes end with those of `suffix`.
    package func hasSuffix(_ suffix: String) -> Bool {
        self.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }

    /// Whether the bytes of `sequence` stand somewhere among these.
    func contains(sequence: String) -> Bool {
        indices.contains { self[$0...].starts(with: sequence.utf8) }
    }
}
