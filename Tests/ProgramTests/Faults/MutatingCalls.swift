import TestSupport

/// The lines of call-tracer's counts that stand for changes of a file system.
enum MutatingCalls {
    /// The calls a file system is changed or made durable with; the list of the tracer says what they are.
    static let names: Set<String> = {
        let text = TestFiles.bytes(of: TestFiles.packageRoot + "/Tests/CallTracer/CallList.h") ?? []
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        let calls = lines.filter { $0.hasPrefix("CHANGES(") }.map { String($0.dropFirst(8).dropLast()) }
        return Set(calls + ["openat(O_CREAT|O_TRUNC)"])
    }()

    static func total(_ counts: [String: Int]) -> Int {
        counts.reduce(0) { names.contains($1.key) ? $0 + $1.value : $0 }
    }
}
