/// What a KDL text may cost whoever reads it.
package struct KDLLimits: Hashable, Sendable {
    /// Bytes of input.
    package var byteCountMax: Int
    /// Nodes, arguments and properties, those that are commented out included.
    package var itemCountMax: Int
    /// Nodes in each other. Walking a tree of this depth recursively has to be harmless.
    package var depthMax: Int

    package init(byteCountMax: Int = 4 << 20, itemCountMax: Int = 200_000, depthMax: Int = 64) {
        self.byteCountMax = byteCountMax
        self.itemCountMax = itemCountMax
        self.depthMax = depthMax
    }

    /// Ample for what people write by hand.
    package static let `default` = KDLLimits()
}
