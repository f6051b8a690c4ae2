/// The processor an ELF file is for (`e_machine`).
package struct ELFMachine: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let x86 = ELFMachine(rawValue: 3)
    package static let x86_64 = ELFMachine(rawValue: 62)
    package static let aarch64 = ELFMachine(rawValue: 183)

    /// The constant's name without EM_ in lower case, as capabilities spell it: `x86_64`, `386`.
    ///
    /// Machines that no Linux runs on get their number: `machine-42`.
    package var name: String {
        Self.names[rawValue] ?? "machine-\(rawValue)"
    }

    private static let names: [UInt16: String] = [
        0: "none", 2: "sparc", 3: "386", 4: "68k", 6: "iamcu", 8: "mips", 10: "mips_rs3_le", 15: "parisc",
        18: "sparc32plus", 20: "ppc", 21: "ppc64", 22: "s390", 23: "spu", 40: "arm", 41: "fake_alpha", 42: "sh",
        43: "sparcv9", 45: "arc", 50: "ia_64", 62: "x86_64", 75: "vax", 76: "cris", 83: "avr", 88: "m32r",
        89: "mn10300", 92: "openrisc", 93: "arc_compact", 94: "xtensa", 105: "msp430", 106: "blackfin",
        113: "altera_nios2", 140: "ti_c6000", 144: "ti_pru", 164: "qdsp6", 167: "nds32", 174: "metag",
        175: "mcst_elbrus", 183: "aarch64", 189: "microblaze", 190: "cuda", 195: "arcv2", 224: "amdgpu",
        243: "riscv", 247: "bpf", 252: "csky", 258: "loongarch", 0x9026: "alpha",
    ]
}
