import CLibFuzzer
import TestSupport

/// Lets libFuzzer loose on the reader of root indices.
@main
struct RootIndexFuzzer {
    static func main() {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        _ = LLVMFuzzerRunDriver(&count, &arguments) { start, count in
            TextFuzzing.checkRootIndex(Array(UnsafeBufferPointer(start: start, count: count)))
            return 0
        }
    }
}
