import CLibFuzzer
import TestSupport

/// Lets libFuzzer loose on the reader of KDL.
@main
struct KDLFuzzer {
    static func main() {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        _ = LLVMFuzzerRunDriver(&count, &arguments) { start, count in
            TextFuzzing.checkKDL(Array(UnsafeBufferPointer(start: start, count: count)))
            return 0
        }
    }
}
