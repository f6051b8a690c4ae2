import Glibc

/// Real files that are too large or not ours to check in; they lie beside the package, where they are present at all.
package enum SharedData {
    /// The files of `../shared/data/DIRECTORY` whose names end in `suffix`, by name.
    ///
    /// Empty, with the reason printed, where the directory is absent.
    package static func files(in directory: String, suffix: String) -> [(name: String, bytes: [UInt8])] {
        let path = root + "/" + directory
        guard let stream = opendir(path) else {
            print("skipped: \(path) is absent")
            return []
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(suffix) { names.append(name) }
        }
        return names.sorted().compactMap { name in bytes(of: path + "/" + name).map { (name, $0) } }
    }

    /// `shared/data` beside the directory that holds this package, or the one that the variable names.
    private static var root: String {
        if let named = getenv("MOSS_SHARED_DATA") { return String(cString: named) }
        let package = #filePath.split(separator: "/").dropLast(3)
        return "/" + package.dropLast().joined(separator: "/") + "/shared/data"
    }

    private static func bytes(of path: String) -> [UInt8]? {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }
}
