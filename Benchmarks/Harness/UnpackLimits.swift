import BytePath

/// What zstd alone needs for the content of the two unpack packages: the limit of taking a stone into the store.
struct UnpackLimits {
    var inputs: BenchmarkInputs
    var rounds: Int

    func table() throws -> Report.Table {
        var table = Report.Table(title: "Unpack limits: zstd -d of the content payload to /dev/null")
        for (name, stone) in [("large files", inputs.large), ("9,400 small files", inputs.small)] {
            table.rows.append(.init(name: name, seconds: try seconds(stone)))
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
