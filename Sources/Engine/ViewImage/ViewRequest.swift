package import BytePath
internal import Digests
package import PackageModel

/// What a process that serves a view is told, as the words of its command line.
package struct ViewRequest: Hashable, Sendable {
    /// How files are read.
    package enum Reading: String, Hashable, Sendable, CaseIterable {
        /// Whichever suits the sizes of the files; from the cache where the kernel does not let us do otherwise.
        case automatic = "auto"
        /// Through the kernel; refuses to start where that does not let us.
        case passthrough
        /// Always through the view's own cache: opening a file takes no message at all.
        case cached
    }

    /// A package that is unpacked when one of its files is first opened.
    package struct Stone: Hashable, Sendable {
        package var id: PackageID
        package var path: BytePath

        package init(id: PackageID, path: BytePath) {
            self.id = id
            self.path = path
        }
    }

    /// A memory file that holds the ``ViewImage``, inherited; nil for a ``ViewCatalogue`` of all that the root has.
    package var image: Int32?
    package var root: BytePath
    package var mountpoint: BytePath
    package var reading: Reading = .automatic
    /// No program of the view can be run.
    package var forbidsExecution = false
    /// Also an ordinary user's view is for others too.
    package var allowsOthers = false
    /// A directory of this view's own for content that the store lacks; removed when the view ends.
    package var scratch: BytePath?
    /// Source `2 + n` of an image is the stone `n`, unpacked to the scratch directory when needed; source 1 is what
    /// lies there already.
    package var stones: [Stone] = []
    /// A locked lease, inherited.
    package var lease: Int32?
    /// A pipe to tell how starting went: `R`, a space and the way of reading, or `E` and what went wrong. The word
    /// `{ready}` on the command line stands for a number filled in by whoever starts the process.
    package var ready: Int32?

    package static let storeSource: UInt32 = 0
    package static let scratchSource: UInt32 = 1
    package static let firstStoneSource: UInt32 = 2

    package init(image: Int32?, root: BytePath, mountpoint: BytePath) {
        self.image = image
        self.root = root
        self.mountpoint = mountpoint
    }

    /// The command line without the program's name.
    package var arguments: [BytePath] {
        var words: [BytePath] = ["--root", root, "--mountpoint", mountpoint, "--reading", BytePath(reading.rawValue)]
        words += image.map { ["--image", BytePath("\($0)")] } ?? ["--all"]
        if forbidsExecution { words.append("--noexec") }
        if allowsOthers { words.append("--allow-other") }
        if let scratch { words += ["--scratch", scratch] }
        for stone in stones { words += ["--stone", BytePath(stone.id.hexadecimal), stone.path] }
        if let lease { words += ["--lease", BytePath("\(lease)")] }
        if let ready { words += ["--ready", BytePath("\(ready)")] }
        return words
    }

    /// Why a command line is none.
    package struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    package init(arguments: [BytePath]) throws(Malformed) {
        var rest = arguments[...]
        var showsAll = false
        var root: BytePath?
        var mountpoint: BytePath?
        self.init(image: nil, root: "", mountpoint: "")
        while let word = rest.popFirst() {
            switch word {
            case "--root": root = try Self.value(of: word, &rest)
            case "--mountpoint": mountpoint = try Self.value(of: word, &rest)
            case "--reading":
                guard let reading = Reading(rawValue: try Self.value(of: word, &rest).display) else {
                    throw Malformed(description: "--reading is none of auto, passthrough, cached")
                }
                self.reading = reading
            case "--all": showsAll = true
            case "--noexec": forbidsExecution = true
            case "--allow-other": allowsOthers = true
            case "--image": image = try Self.number(of: word, &rest)
            case "--scratch": scratch = try Self.value(of: word, &rest)
            case "--stone":
                guard let id = PackageID(hexadecimal: try Self.value(of: word, &rest).display) else {
                    throw Malformed(description: "--stone needs a package id of 64 hexadecimal digits")
                }
                stones.append(Stone(id: id, path: try Self.value(of: word, &rest)))
            case "--lease": lease = try Self.number(of: word, &rest)
            case "--ready": ready = try Self.number(of: word, &rest)
            default: throw Malformed(description: "\(word.display) is not understood")
            }
        }
        guard let root, let mountpoint, showsAll == (image == nil) else {
            throw Malformed(description: "--root, --mountpoint and one of --image and --all are needed")
        }
        (self.root, self.mountpoint) = (root, mountpoint)
    }

    private static func value(of word: BytePath, _ rest: inout ArraySlice<BytePath>) throws(Malformed) -> BytePath {
        guard let value = rest.popFirst() else { throw Malformed(description: "\(word.display) needs a value") }
        return value
    }

    private static func number(of word: BytePath, _ rest: inout ArraySlice<BytePath>) throws(Malformed) -> Int32 {
        guard let number = Int32(try value(of: word, &rest).display), number >= 0 else {
            throw Malformed(description: "\(word.display) needs a descriptor's number")
        }
        return number
    }
}
