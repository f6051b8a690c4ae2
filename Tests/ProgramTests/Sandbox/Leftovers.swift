import BytePath
import Glibc
import LinuxSystem

/// Looks for processes and mounts that a sandbox left behind.
enum Leftovers {
    /// The processes whose command line contains `mark`.
    static func processes(_ mark: String) throws -> [String] {
        let proc = try Descriptor.openDirectory("/proc")
        return try proc.entries().compactMap { entry in
            guard Int32(entry.name.display) != nil,
                let bytes = try? proc.readFile(entry.name.appending("cmdline"), limit: 1 << 20)
            else { return nil }
            let text = String(decoding: bytes.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
            return text.contains(mark) ? "\(entry.name.display) \(text)" : nil
        }
    }

    /// Waits until no process has `mark` in its command line; those that are left after some seconds.
    static func processesAfterAWhile(_ mark: String) throws -> [String] {
        for _ in 0..<400 where try !processes(mark).isEmpty { usleep(20_000) }
        return try processes(mark)
    }

    /// The mounts of every namespace that mention `mark`, by process.
    static func mounts(_ mark: String) throws -> [String] {
        let proc = try Descriptor.openDirectory("/proc")
        return try proc.entries().flatMap { entry -> [String] in
            guard Int32(entry.name.display) != nil,
                let text = try? proc.readFile(entry.name.appending("mountinfo"), limit: 16 << 20)
            else { return [] }
            return String(decoding: text, as: UTF8.self).split(separator: "\n").filter { $0.contains(mark) }.map {
                "\(entry.name.display): \($0)"
            }
        }
    }
}
