import CLibFuzzer
import TestSupport

/// Lets libFuzzer loose on the reader of repository indices and build manifests.
@main
struct IndexFuzzer {
    static func main() {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        _ = LLVMFuzzerRunDriver(&count, &arguments) { start, count in
            StoneFuzzing.checkIndex(Array(UnsafeBufferPointer(start: start, count: count)))
            return 0
        }
    }
}
