/// What a stone may name: a path relative to `/usr` that stays below it, whatever is done with it.
package enum LayoutPathRule {
    /// Longest component (`NAME_MAX`).
    package static let componentLengthMax = 255
    /// Longest path: with `/usr/` in front and a NUL behind it is one the kernel takes (`PATH_MAX` is 4096).
    package static let pathLengthMax = 4090
    /// Most components: much that is done with trees goes down them by the call stack, or by a descriptor each.
    package static let depthMax = 256
    /// Longest link text the kernel takes.
    package static let targetLengthMax = 4095

    /// Why `path` is refused; nil where it is fine.
    ///
    /// Refused: nothing, a leading slash, NUL, empty, `.` and `..` components, and what is too long.
    package static func problem(path: some RandomAccessCollection<UInt8>) -> String? {
        if path.isEmpty { return "the path is empty" }
        if path.first == UInt8(ascii: "/") { return "the path is absolute" }
        if path.count > pathLengthMax { return "the path has \(path.count) bytes, more than \(pathLengthMax)" }
        // One pass without slices: this runs for every path of every package.
        var length = 0
        var dots = 0
        var depth = 1
        for byte in path {
            switch byte {
            case 0: return "the path holds a NUL"
            case UInt8(ascii: "/"):
                if let problem = problem(componentLength: length, dots: dots) { return problem }
                length = 0
                dots = 0
                depth += 1
            default:
                length += 1
                if byte == UInt8(ascii: ".") { dots += 1 }
            }
        }
        if depth > depthMax { return "the path has \(depth) components, more than \(depthMax)" }
        return problem(componentLength: length, dots: dots)
    }

    /// Why an owner is refused; nil where it is fine.
    ///
    /// 4294967295 is what `chown(2)` takes for "leave it as it is", so it can be nobody's number.
    package static func problem(uid: UInt32, gid: UInt32) -> String? {
        if uid == .max { return "the owner \(uid) is no user's number" }
        if gid == .max { return "the group \(gid) is no group's number" }
        return nil
    }

    private static func problem(componentLength length: Int, dots: Int) -> String? {
        if length == 0 { return "the path has an empty component" }
        if length > componentLengthMax {
            return "a component of the path has \(length) bytes, more than \(componentLengthMax)"
        }
        if length <= 2, dots == length { return "the path has a component \(length == 1 ? "\".\"" : "\"..\"")" }
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
