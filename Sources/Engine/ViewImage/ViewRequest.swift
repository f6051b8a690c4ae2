package import BytePath
internal import Digests
package import HelperProcess
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
        /// The stone; of a remote one a file that says where it can be had.
        package var path: BytePath
        /// Of a remote one, in bytes.
        package var size: UInt64 = 0
        package var isRemote = false

        package init(id: PackageID, path: BytePath) {
            self.id = id
            self.path = path
        }

        package init(id: PackageID, placesAt path: BytePath, size: UInt64) {
            self.id = id
            self.path = path
            self.size = size
            isRemote = true
        }

        /// Of a remote one: what stands before its content, verified; no file where it can only be had whole.
        package var headPath: BytePath { BytePath(bytes: path.bytes + Array(".head".utf8)) }
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

    /// The words that others than ``arguments`` write, or look for.
    package static let mountpointOption: BytePath = "--mountpoint"
    package static let readyOption: BytePath = "--ready"

    /// The command line without the program's name.
    package var arguments: [BytePath] {
        var words = HelperArguments()
        words.add("--root", root)
        words.add(Self.mountpointOption, mountpoint)
        words.add("--reading", choice: reading)
        words.add("--image", number: image)
        words.add("--all", if: image == nil)
        words.add("--noexec", if: forbidsExecution)
        words.add("--allow-other", if: allowsOthers)
        words.add("--scratch", path: scratch)
        for stone in stones {
            let id = BytePath(stone.id.hexadecimal)
            if stone.isRemote {
                words.add("--remote", id, BytePath("\(stone.size)"), stone.path)
            } else {
                words.add("--stone", id, stone.path)
            }
        }
        words.add("--lease", number: lease)
        words.add(Self.readyOption, number: ready)
        return words.words
    }

    package typealias Malformed = HelperArgumentReader.Malformed

    package init(arguments: [BytePath]) throws(Malformed) {
        var words = HelperArgumentReader(arguments)
        var showsAll = false
        var root: BytePath?
        var mountpoint: BytePath?
        self.init(image: nil, root: "", mountpoint: "")
        while let word = words.next() {
            switch word {
            case "--root": root = try words.value(of: word)
            case Self.mountpointOption: mountpoint = try words.value(of: word)
            case "--reading": reading = try words.choice(of: word)
            case "--all": showsAll = true
            case "--noexec": forbidsExecution = true
            case "--allow-other": allowsOthers = true
            case "--image": image = try words.number(of: word)
            case "--scratch": scratch = try words.value(of: word)
            case "--stone": stones.append(Stone(id: try Self.package(&words, word), path: try words.value(of: word)))
            case "--remote":
                let id = try Self.package(&words, word)
                guard let size = UInt64(try words.value(of: word).display) else {
                    throw Malformed(word, "needs a number of bytes")
                }
                stones.append(Stone(id: id, placesAt: try words.value(of: word), size: size))
            case "--lease": lease = try words.number(of: word)
            case Self.readyOption: ready = try words.number(of: word)
            default: throw Malformed(word, "is not understood")
            }
        }
        guard let root, let mountpoint, showsAll == (image == nil) else {
            throw Malformed("", "--root, --mountpoint and one of --image and --all are needed")
        }
        (self.root, self.mountpoint) = (root, mountpoint)
    }

    private static func package(
        _ words: inout HelperArgumentReader, _ word: BytePath
    ) throws(Malformed) -> PackageID {
        guard let id = PackageID(hexadecimal: try words.value(of: word).display) else {
            throw Malformed(word, "needs a package id of 64 hexadecimal digits")
        }
        return id
    }
}
