import PackageAnalysis
import PackageModel
import Testing

@Suite struct FoundCapabilitiesTests {
    @Test func whatAPackageHasItselfIsNoDependency() {
        var found = FoundCapabilities()
        found.needs = [Capability(.soname, "own"), Capability(.soname, "z"), Capability(.interpreter, "a")]
        var other = FoundCapabilities()
        other.provides = [Capability(.soname, "own"), Capability(.name, "z")]
        other.privateLibraries = [Capability(.soname, "z")]
        found.formUnion(other)
        #expect(found.dependencies == [Capability(.interpreter, "a"), Capability(.soname, "z")])
        #expect(found.privateLibraries == other.privateLibraries)
    }
}
