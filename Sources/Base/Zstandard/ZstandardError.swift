internal import CZstd

/// Why a frame could not be made or opened.
package struct ZstandardError: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        /// The bytes are no zstd frame.
        case notAFrame
        /// The frame is damaged.
        case corrupted
        /// The frame ends before its content does, or the input before what was pledged.
        case truncated
        /// The frame asks for a larger window than the caller allows.
        case windowTooLarge
        /// The content has another size than the caller expects.
        case sizeMismatch
        /// Bytes follow the frame.
        case trailingBytes
        /// A parameter is outside what libzstd takes.
        case parameter
        case outOfMemory
        case other
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static let outOfMemory = ZstandardError(.outOfMemory, "there is not enough memory for a zstd context")

    /// Hands through what a libzstd function returned, or throws what it means.
    static func check(_ result: Int) throws(ZstandardError) -> Int {
        guard ZSTD_isError(result) != 0 else { return result }
        let text = String(cString: ZSTD_getErrorName(result))
        throw ZstandardError(code(of: ZSTD_getErrorCode(result)), "zstd: \(text)")
    }

    private static func code(of error: ZSTD_ErrorCode) -> Code {
        switch error {
        case ZSTD_error_prefix_unknown, ZSTD_error_version_unsupported: .notAFrame
        case ZSTD_error_corruption_detected, ZSTD_error_checksum_wrong, ZSTD_error_frameParameter_unsupported,
            ZSTD_error_dictionary_wrong:
            .corrupted
        case ZSTD_error_srcSize_wrong: .truncated
        case ZSTD_error_dstSize_tooSmall: .sizeMismatch
        case ZSTD_error_frameParameter_windowTooLarge: .windowTooLarge
        case ZSTD_error_parameter_unsupported, ZSTD_error_parameter_outOfBound: .parameter
        case ZSTD_error_memory_allocation, ZSTD_error_workSpace_tooSmall: .outOfMemory
        default: .other
        }
    }
}

extension ZstandardError: CustomStringConvertible {
    package var description: String { message }
}
