import Glibc

/// Writes `text` to standard error in one call.
func writeToStandardError(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)  // there is nowhere to tell that telling failed
}
