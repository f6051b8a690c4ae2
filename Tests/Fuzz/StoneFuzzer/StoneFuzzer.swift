import CLibFuzzer
import TestSupport

/// Lets libFuzzer loose on the stone reader.
@main
struct StoneFuzzer {
    static func main() {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        _ = LLVMFuzzerRunDriver(&count, &arguments) { start, count in
            StoneFuzzing.checkStone(Array(UnsafeBufferPointer(start: start, count: count)))
            return 0
        }
    }
}
