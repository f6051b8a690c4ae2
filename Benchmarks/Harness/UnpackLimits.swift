import BytePath

/// Taking a stone into an empty store, against what zstd alone needs for its content.
struct UnpackLimits {
    var inputs: BenchmarkInputs
    var mountPoint: BytePath
    var rounds: Int

    func table() throws -> Report.Table {
        var table = Report.Table(title: "Unpack into the store, against zstd -d of the content payload to /dev/null")
        for (name, stone, goal) in [("large files", inputs.large, 1.6), ("9,400 small files", inputs.small, 4.5)] {
            let limit = try seconds(stone)
            table.rows.append(.init(name: "zstd -d, \(name)", seconds: limit))
            let unpacked = try (0...rounds).map { _ in try EngineRoot.unpack(stone, on: mountPoint) }
            table.rows.append(
                .init(name: "moss, \(name)", seconds: Array(unpacked.dropFirst()), limit: limit, goal: goal))
        }
        return table
    }

    /// The times of decoding a stone's content, after one run that fills the cache.
    func seconds(_ stone: BytePath) throws -> [Double] {
        let content = BenchmarkInputs.content(of: stone)
        let arguments: [BytePath] = ["-d", "-q", "-f", "--long=31", content, "-o", "/dev/null"]
        _ = try Run("zstd", arguments)
        return try (0..<rounds).map { _ in try Run("zstd", arguments).seconds }
    }
}
