/// What kind of package it is: which directories its files come in.
struct PackageShape {
    /// Files that share a directory.
    struct Cluster {
        var directory: String
        var filePrefix = ""
        var fileSuffix: String
        var mode: UInt32 = 0o644
        /// Files it has on average.
        var meanCount: Double
    }

    private enum Kind: CaseIterable { case library, development, application, python, data, documentation }

    private let kind: Kind

    init(index: Int, using random: inout SplitMix) {
        let kinds: [Kind] = [.library, .library, .development, .application, .python, .data, .documentation]
        kind = kinds[random.below(kinds.count)]
    }

    func cluster(name: String, using random: inout SplitMix) -> Cluster {
        // Every kind of package has documentation and translations.
        switch random.below(10) {
        case 0: return Cluster(directory: "share/doc/\(name)", fileSuffix: ".gz", meanCount: 3)
        case 1:
            let language = Self.languages[random.below(Self.languages.count)]
            return Cluster(
                directory: "share/locale/\(language)/LC_MESSAGES", filePrefix: "\(name)-", fileSuffix: ".mo",
                meanCount: 1)
        default: return main(name: name, using: &random)
        }
    }

    private func main(name: String, using random: inout SplitMix) -> Cluster {
        let first = Corpus.stems[random.below(Corpus.stems.count)]
        let second = Corpus.stems[random.below(Corpus.stems.count)]
        switch (kind, random.below(4)) {
        case (.library, 0):
            return Cluster(directory: "lib", filePrefix: "lib\(name)", fileSuffix: ".so.1", meanCount: 1)
        case (.library, _):
            return Cluster(directory: "lib/\(name)/\(first)\(random.below(9))", fileSuffix: ".so", meanCount: 7)
        case (.development, 0):
            return Cluster(directory: "share/man/man3", filePrefix: name, fileSuffix: ".3.gz", meanCount: 6)
        case (.development, _):
            return Cluster(directory: "include/\(name)/\(first)/\(second)", fileSuffix: ".h", meanCount: 14)
        case (.application, 0):
            return Cluster(directory: "bin", filePrefix: name, fileSuffix: "", mode: 0o755, meanCount: 1)
        case (.application, 1):
            let size = [16, 22, 32, 48, 64, 128, 256][random.below(7)]
            return Cluster(
                directory: "share/icons/hicolor/\(size)x\(size)/apps", filePrefix: name, fileSuffix: ".png",
                meanCount: 2)
        case (.application, _):
            return Cluster(directory: "share/\(name)/\(first)\(random.below(30))", fileSuffix: ".ui", meanCount: 10)
        case (.python, _):
            return Cluster(
                directory: "lib/python3/dist-packages/\(name)/\(first)\(random.below(9))", fileSuffix: ".py",
                meanCount: 12)
        case (.data, _):
            return Cluster(
                directory: "share/\(name)/\(first)/\(second)\(random.below(20))", fileSuffix: ".dat", meanCount: 12)
        case (.documentation, _):
            return Cluster(
                directory: "share/doc/\(name)/html/\(first)\(random.below(60))", fileSuffix: ".html", meanCount: 14)
        }
    }

    private static let languages = [
        "ar", "bg", "ca", "cs", "da", "de", "el", "es", "et", "eu", "fi", "fr", "gl", "he", "hu", "id", "it", "ja",
        "ko",
        "lt", "lv", "nb", "nl", "pl", "pt", "pt_BR", "ro", "ru", "sk", "sl", "sr", "sv", "tr", "uk", "vi", "zh_CN",
    ]
}
