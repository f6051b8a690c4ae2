internal import ArgumentParser
internal import CollectionIndex
internal import CollectionSettings

/// The name of a collection on the command line.
struct CollectionArgument: ExpressibleByArgument {
    let id: CollectionID

    init?(argument: String) {
        guard let id = try? CollectionID(argument) else { return nil }
        self.id = id
    }
}
