package import PackageModel

extension StoneManifest {
    /// The bytes of a manifest that says what these values say, for a package whose own is lost.
    ///
    /// - Parameter files: the digests of the layout, each once, in content order.
    package static func encode(
        metadata: PackageMetadata, layout: [LayoutEntry], files: [ContentFile]
    ) throws(StoneError) -> [UInt8] {
        let prologue = try StonePrologue(
            metadata: metadata, layout: layout, files: files, frameCount: 1, options: StoneWriterOptions())
        // All that stands before the content, but for the content's blank header.
        let payloads = prologue.bytes.dropFirst(StoneHeader.byteCount)
            .dropLast(files.isEmpty ? 0 : PayloadHeader.byteCount)
        let count: UInt16 = 1 + (layout.isEmpty ? 0 : 1) + (files.isEmpty ? 0 : 1)
        return StoneHeader(payloadCount: count, fileType: .binary).encoded + payloads
    }
}
