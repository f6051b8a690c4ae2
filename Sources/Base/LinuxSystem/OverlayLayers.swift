internal import BytePath
internal import CLinux
import Glibc

/// Tells which trees the layers of a stacked file system are.
///
/// A mount names its layers by the texts it was given then: with links, relative, through places that are others now. What
/// a name leads to is compared by inode; where it leads nowhere any more, the layer may be anything.
struct OverlayLayers {
    fileprivate struct Inode: Hashable {
        let device: UInt64
        let number: UInt64
    }

    /// The last two components of the path of what is live, beginning with a slash.
    private let formerPath: [UInt8]
    /// The live tree and every directory above it, the tree first.
    private let chain: [Inode]
    private let chainPaths: [BytePath]

    init(_ live: BytePath, below root: borrowing Descriptor) {
        var chain: [Inode] = []
        if let status = try? root.status(of: live, followingLinks: true) { chain.append(Inode(status)) }
        if let here = try? root.duplicate() {
            var place = here
            while let status = try? place.status(), chain.count < 256 {
                if chain.last == Inode(status) { break }
                chain.append(Inode(status))
                guard let parent = try? place.open("..", [.directory, .pathOnly]) else { break }
                place = parent
            }
        }
        self.chain = chain
        let path = ((try? root.canonicalPath()) ?? "").appending(live)
        formerPath = BytePath("/").appending(path.parent.lastComponent).appending(live).bytes
        var paths = [path]
        while let last = paths.last, last.count > 1 { paths.append(last.parent) }
        chainPaths = paths
    }

    /// The places in `suffixes` of trees that are, hold or lie around a layer of `mount`, which `process` sees.
    func trees(
        heldBy mount: MountTable.Mount, _ suffixes: [[UInt8]], _ process: borrowing Descriptor
    ) -> Set<Int> {
        var held: Set<Int> = []
        let layers = Self.layers(mount.options)
        for layer in layers where !layer.isEmpty {
            if DirectoryUsers.contains(layer.bytes, formerPath) { return Set(suffixes.indices) }
            let roles = layer.isAbsolute ? roles(of: layer, process) : roles(ofRelative: layer, beside: layers, process)
            // What made the root of this namespace may have named it in another.
            if roles.isEmpty && !(layer.isAbsolute && mount.path == "/") { return Set(suffixes.indices) }
            for role in roles {
                guard case .at(let path) = role else { return Set(suffixes.indices) }
                held.formUnion(suffixes.indices.filter { DirectoryUsers.contains(path.bytes, suffixes[$0]) })
            }
        }
        return held
    }

    private enum Role {
        /// What is live is it, lies in it or around it: it may be any tree that was live once.
        case live
        case at(BytePath)
    }

    /// What an absolute layer may be: where the process would find it, and where this one does.
    private func roles(of layer: BytePath, _ process: borrowing Descriptor) -> [Role] {
        var roles: [Role] = []
        if let root = try? process.open("root", [.directory, .pathOnly]) {
            let raw = layer.withCString { moss_open_in_root(root.raw, $0, O_DIRECTORY | moss_O_PATH) }
            if raw >= 0 { roles.append(role(of: Descriptor(taking: raw))) }
        }
        if let here = try? Descriptor.open(layer, [.directory, .pathOnly]) { roles.append(role(of: here)) }
        return roles
    }

    /// A relative one was looked for in a directory that nobody remembers: perhaps one above another layer.
    private func roles(
        ofRelative layer: BytePath, beside layers: [BytePath], _ process: borrowing Descriptor
    ) -> [Role] {
        let names = layer.components.filter { !$0.elementsEqual("..".utf8) && !$0.elementsEqual(".".utf8) }
        let isSuffix = chainPaths.contains { path in
            let components = path.components
            return components.count >= names.count
                && zip(components.suffix(names.count), names).allSatisfy { $0.elementsEqual($1) }
        }
        if isSuffix { return [.live] }
        var roles: [Role] = []
        if let here = try? process.open("cwd", [.directory, .pathOnly]),
            let place = try? here.open(layer, [.directory, .pathOnly])
        {
            roles.append(role(of: place))
        }
        for other in layers where other.isAbsolute {
            var base = other.parent
            while base.count > 1 {
                roles += self.roles(of: base.appending(layer), process)
                base = base.parent
            }
        }
        return roles
    }

    private func role(of place: borrowing Descriptor) -> Role {
        guard let status = try? place.status(), !chain.contains(Inode(status)), var above = try? place.duplicate()
        else {
            return .live
        }
        for _ in 0..<256 {
            guard let parent = try? above.open("..", [.directory, .pathOnly]), let status = try? parent.status(),
                let lower = try? above.status(), status != lower
            else { break }
            if Inode(status) == chain.first { return .live }
            above = parent
        }
        guard let path = try? place.canonicalPath() else { return .live }
        return .at(path)
    }

    // MARK: Options

    /// The directories that an overlay's options name, of all kinds of layers.
    static func layers(_ options: [UInt8]) -> [BytePath] {
        split(tokens(options[...]), at: UInt8(ascii: ",")).flatMap { option -> [BytePath] in
            guard let equals = option.firstIndex(of: .plain(UInt8(ascii: "="))) else { return [] }
            let key = String(decoding: option[..<equals].map(\.byte), as: UTF8.self)
            let value = Array(option[(equals + 1)...])
            switch key {
            case "lowerdir": return split(value, at: UInt8(ascii: ":")).map { BytePath(bytes: $0.map(\.byte)) }
            case "lowerdir+", "datadir+", "upperdir", "workdir": return [BytePath(bytes: value.map(\.byte))]
            default: return []
            }
        }
    }

    /// A byte of the options, which separates something or stands for itself.
    private enum Token: Hashable {
        case plain(UInt8)
        case literal(UInt8)

        var byte: UInt8 {
            switch self {
            case .plain(let byte), .literal(let byte): byte
            }
        }
    }

    /// Undoes the kernel's octal digits, and then the backslashes by which the overlay's user made separators literal.
    private static func tokens(_ text: ArraySlice<UInt8>) -> [Token] {
        let backslash = UInt8(ascii: "\\")
        var tokens: [Token] = []
        var isEscaped = false
        var rest = text
        while let byte = rest.popFirst() {
            var token = Token.plain(byte)
            let digits = rest.prefix(3)
            if byte == backslash, digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                rest = rest.dropFirst(3)
                token = value == backslash ? .plain(value) : .literal(value)
            }
            if isEscaped {
                tokens.append(.literal(token.byte))
                isEscaped = false
            } else if token == .plain(backslash) {
                isEscaped = true
            } else {
                tokens.append(token)
            }
        }
        return tokens
    }

    private static func split(_ tokens: [Token], at separator: UInt8) -> [[Token]] {
        tokens.split { $0 == .plain(separator) }.map(Array.init)
    }
}

extension OverlayLayers.Inode {
    fileprivate init(_ status: FileStatus) {
        self.init(device: status.device, number: status.inode)
    }
}
