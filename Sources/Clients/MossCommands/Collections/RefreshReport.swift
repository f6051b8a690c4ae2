package import CollectionIndex
internal import CollectionSettings
internal import CommandLineSupport
package import Downloads
package import TerminalOutput

/// What reading collections brought.
package struct RefreshReport: Report {
    package struct Refreshed: Encodable, Hashable, Sendable {
        package var name: String
        package var packageCount: Int
        package var isChanged: Bool
    }

    package struct Failure: Encodable, Hashable, Sendable {
        package var code: String
        package var message: String
    }

    package var refreshed: [Refreshed]
    package var failures: [Failure]

    package init(_ refreshed: [CollectionManager.Refreshed], failures: [RepositoryError] = []) {
        self.refreshed = refreshed.map {
            Refreshed(name: $0.id.text, packageCount: $0.packageCount, isChanged: $0.isChanged)
        }
        self.failures = failures.map { Failure(code: $0.code.rawValue, message: $0.description) }
    }

    package func write(to output: TerminalStream) {
        for collection in refreshed {
            let count = Measures.count(collection.packageCount, "package")
            output.line("\(collection.name): \(count)\(collection.isChanged ? "" : ", unchanged")")
        }
        for failure in failures { output.line(output.paint("failed: ", .red) + failure.message.printable) }
    }
}
