import Glibc

/// When output is coloured.
package enum ColourChoice: String, CaseIterable, Sendable {
    /// On terminals that can, unless `NO_COLOR` is set.
    case auto
    case always
    case never

    func isEnabled(isTerminal: Bool) -> Bool {
        switch self {
        case .always: true
        case .never: false
        case .auto: isTerminal && !Self.isSet("NO_COLOR") && getenv("TERM").map { String(cString: $0) } != "dumb"
        }
    }

    private static func isSet(_ name: String) -> Bool {
        getenv(name).map { $0.pointee != 0 } ?? false
    }
}
