import Glibc

/// Real files that are too large or not ours to check in; they lie beside the package, where they are present at all.
package enum SharedData {
    /// The files of `../shared/data/DIRECTORY` whose names end in `suffix`, by name.
    ///
    /// Empty, with the reason printed, where the directory is absent. `MOSS_SHARED_DATA` names another `data`.
    package static func files(in directory: String, suffix: String) -> [(name: String, bytes: [UInt8])] {
        let path = root + "/" + directory
        guard let names = TestFiles.names(in: path, suffix: suffix) else {
            print("skipped: \(path) is absent")
            return []
        }
        return names.compactMap { name in TestFiles.bytes(of: path + "/" + name).map { (name, $0) } }
    }

    private static var root: String {
        if let named = getenv("MOSS_SHARED_DATA") { return String(cString: named) }
        return TestFiles.packageRoot.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/shared/data"
    }
}
