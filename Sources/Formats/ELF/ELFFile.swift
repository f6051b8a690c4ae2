/// ELF headers as values: machine, type, dynamic names, interpreter and build id, from bytes nobody has to trust.
///
/// What package tools want to know of one ELF file. Names are bytes; offsets and counts of the file are believed only
/// after they were checked against its size.
package struct ELFFile: Hashable, Sendable {
    package enum Class: Hashable, Sendable { case bits32, bits64 }

    package var fileClass: Class
    package var isBigEndian: Bool
    package var machine: ELFMachine
    package var type: ELFType
    /// DT_SONAME.
    package var soname: [UInt8]?
    /// DT_NEEDED, in the file's order.
    package var needed: [[UInt8]] = []
    /// PT_INTERP without its NUL.
    package var interpreter: [UInt8]?
    /// The descriptor of the GNU build-id note.
    package var buildID: [UInt8]?

    /// The first four bytes of every ELF file.
    package static let magic: [UInt8] = [0x7f, 0x45, 0x4c, 0x46]

    /// Whether `bytes` begin like an ELF file.
    package static func isELF(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.starts(with: magic)
    }

    /// Reads a whole file in memory.
    package init(bytes: [UInt8]) throws(ELFError) {
        do throws(ELFReadError<Never>) {
            try self.init(size: UInt64(bytes.count)) { (offset, count) throws(Never) in
                let start = Int(clamping: offset)
                guard start <= bytes.count, count <= bytes.count - start else { return [] }
                return Array(bytes[start..<(start + count)])
            }
        } catch {
            switch error {
            case .elf(let problem): throw problem
            }
        }
    }

    /// Reads a file of `size` bytes piece by piece: only headers, notes and names are asked for.
    ///
    /// - Parameters:
    ///   - size: the length of the file; nothing beyond it is asked for.
    ///   - read: the bytes at an offset, exactly as many as asked for; fewer count as a truncated file.
    package init<Failure: Error>(
        size: UInt64, read: (_ offset: UInt64, _ count: Int) throws(Failure) -> [UInt8]
    ) throws(ELFReadError<Failure>) {
        // The parser asks through a non-throwing closure; it stops at what failed, and the failure is reported here.
        var failure: Failure?
        let result = withoutActuallyEscaping(read) { read in
            ELFParser.parse(
                ELFParser.Source(size: size) { (offset, count) in
                    do throws(Failure) {
                        return try read(offset, count)
                    } catch {
                        failure = error
                        return []
                    }
                })
        }
        if let failure { throw .source(failure) }
        switch result {
        case .success(let file): self = file
        case .failure(let error): throw .elf(error)
        }
    }

    init(fileClass: Class, isBigEndian: Bool, machine: ELFMachine, type: ELFType) {
        self.fileClass = fileClass
        self.isBigEndian = isBigEndian
        self.machine = machine
        self.type = type
    }
}
