/// What a YAML text may cost whoever reads it.
package struct YAMLLimits: Hashable, Sendable {
    /// Bytes of input.
    package var byteCountMax: Int
    /// Values and keys, those that aliases repeat included.
    package var nodeCountMax: Int
    /// Bytes of all scalars, those that aliases repeat included.
    package var textByteCountMax: Int
    /// Lists and maps in each other. Walking a tree of this depth recursively has to be harmless.
    package var depthMax: Int

    package init(
        byteCountMax: Int = 4 << 20, nodeCountMax: Int = 200_000, textByteCountMax: Int = 16 << 20, depthMax: Int = 64
    ) {
        self.byteCountMax = byteCountMax
        self.nodeCountMax = nodeCountMax
        self.textByteCountMax = textByteCountMax
        self.depthMax = depthMax
    }

    /// Ample for what people write by hand.
    package static let `default` = YAMLLimits()
}
