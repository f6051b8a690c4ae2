import CLibFuzzer
import TestSupport

/// Lets libFuzzer loose on the reader of file indexes.
@main
struct FileIndexFuzzer {
    static func main() {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        _ = LLVMFuzzerRunDriver(&count, &arguments) { start, count in
            FileIndexFuzzing.check(Array(UnsafeBufferPointer(start: start, count: count)))
            return 0
        }
    }
}
