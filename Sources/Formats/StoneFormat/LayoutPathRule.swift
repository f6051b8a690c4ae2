/// What a stone may name: a path relative to `/usr` that stays below it, whatever is done with it.
package enum LayoutPathRule {
    /// Longest component (`NAME_MAX`).
    package static let componentLengthMax = 255
    /// Longest path: with `/usr/` in front and a NUL behind it is one the kernel takes (`PATH_MAX` is 4096).
    package static let pathLengthMax = 4090
    /// Longest link text the kernel takes.
    package static let targetLengthMax = 4095

    /// Why `path` is refused; nil where it is fine.
    ///
    /// Refused: nothing, a leading slash, NUL, empty, `.` and `..` components, and what is too long.
    package static func problem(path: some RandomAccessCollection<UInt8>) -> String? {
        if path.isEmpty { return "the path is empty" }
        if path.first == UInt8(ascii: "/") { return "the path is absolute" }
        if path.count > pathLengthMax { return "the path has \(path.count) bytes, more than \(pathLengthMax)" }
        if path.contains(0) { return "the path holds a NUL" }
        for component in path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if component.isEmpty { return "the path has an empty component" }
            if component.count > componentLengthMax {
                return "a component of the path has \(component.count) bytes, more than \(componentLengthMax)"
            }
            if component.count <= 2, component.allSatisfy({ $0 == UInt8(ascii: ".") }) {
                return "the path has a component \(quoted(component))"
            }
        }
        return nil
    }

    /// Why the text of a symbolic link is refused; nil where it is fine. It may point anywhere: nobody follows it here.
    package static func problem(target: some RandomAccessCollection<UInt8>) -> String? {
        if target.isEmpty { return "the link target is empty" }
        if target.count > targetLengthMax {
            return "the link target has \(target.count) bytes, more than \(targetLengthMax)"
        }
        if target.contains(0) { return "the link target holds a NUL" }
        return nil
    }
}
