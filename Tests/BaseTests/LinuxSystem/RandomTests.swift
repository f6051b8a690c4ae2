import LinuxSystem
import Testing

@Test("random bytes are as many as were asked for, and others each time")
func randomBytesDiffer() throws {
    for count in [0, 1, 32, 256, 257, 100_000] { #expect(try randomBytes(count).count == count) }
    #expect(try Set((0..<100).map { _ in try randomBytes(16) }).count == 100)
    // Each byte of a long run is one of all values.
    #expect(Set(try randomBytes(100_000)).count == 256)
}
