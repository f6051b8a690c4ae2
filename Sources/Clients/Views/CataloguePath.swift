internal import BytePath
internal import FileTree

/// A path of what `moss mount --all` shows.
///
/// ```
/// active                                   link to the active state
/// states/<number>/usr
/// packages/<name>-<version>-<release>/usr
/// diff/<number>..<number>/added            removed, changed
/// ```
enum CataloguePath: Hashable, Sendable {
    case top
    case active
    case states
    case state(UInt64)
    case stateTree(UInt64)
    case packages
    case package(BytePath)
    case packageTree(BytePath)
    case differences
    case difference(UInt64, UInt64)
    case differenceTree(UInt64, UInt64, DifferenceTrees.Part)

    static let treeName: BytePath = "usr"

    /// nil for what cannot be there.
    init?(_ path: BytePath) {
        let parts = path.components.map { BytePath(bytes: Array($0)) }
        switch (parts.first, parts.count) {
        case (nil, _): self = .top
        case ("active", 1): self = .active
        case ("states", 1): self = .states
        case ("states", 2):
            guard let number = Self.number(parts[1].bytes[...]) else { return nil }
            self = .state(number)
        case ("states", 3):
            guard let number = Self.number(parts[1].bytes[...]), parts[2] == Self.treeName else { return nil }
            self = .stateTree(number)
        case ("packages", 1): self = .packages
        case ("packages", 2): self = .package(parts[1])
        case ("packages", 3):
            guard parts[2] == Self.treeName else { return nil }
            self = .packageTree(parts[1])
        case ("diff", 1): self = .differences
        case ("diff", 2):
            guard let (old, new) = Self.numbers(parts[1]) else { return nil }
            self = .difference(old, new)
        case ("diff", 3):
            guard let (old, new) = Self.numbers(parts[1]), let part = DifferenceTrees.Part(rawValue: parts[2].display)
            else { return nil }
            self = .differenceTree(old, new, part)
        default: return nil
        }
    }

    /// The name of what separates two states.
    static func name(_ old: UInt64, _ new: UInt64) -> BytePath { BytePath("\(old)..\(new)") }

    private static func numbers(_ name: BytePath) -> (UInt64, UInt64)? {
        let parts = name.bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].isEmpty, let old = number(parts[0]), let new = number(parts[2]) else {
            return nil
        }
        return (old, new)
    }

    /// A number as it is listed: there is one way to write it, so that every tree has one path.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        guard let number = UInt64(String(decoding: digits, as: UTF8.self)), "\(number)".utf8.elementsEqual(digits)
        else {
            return nil
        }
        return number
    }
}
