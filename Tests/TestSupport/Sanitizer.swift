import Glibc
package import Testing

/// A sanitizer the tests and the products were built with. Its runtime makes system calls, threads and memory of its own.
package enum Sanitizer {
    case address, thread

    package static let current: Sanitizer? =
        if isLoaded("__tsan_init") { .thread } else if isLoaded("__asan_init") { .address } else { nil }

    /// Variables for the products: they do not look for leaks at their end, which needs ptrace(2) and so fails under a
    /// tracer and in a namespace of processes.
    static let environment: [String: String] = current == .address ? ["ASAN_OPTIONS": "detect_leaks=0"] : [:]

    private static func isLoaded(_ function: String) -> Bool { dlsym(nil, function) != nil }
}

extension Trait where Self == ConditionTrait {
    /// Skips under the thread sanitizer, and says why.
    package static func noThreadSanitizer(_ reason: String) -> Self {
        .disabled(if: Sanitizer.current == .thread, "skipped: with the thread sanitizer \(reason)")
    }

    /// Skips under any sanitizer, and says why.
    package static func noSanitizer(_ reason: String) -> Self {
        .disabled(if: Sanitizer.current != nil, "skipped: with a sanitizer \(reason)")
    }
}
