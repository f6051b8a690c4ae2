import Glibc
import PreviewMount
import RemoteStones
import Views

/// Serves a view until it is unmounted.
@main
enum Entrypoint {
    static func main() {
        exit(PreviewMount.main({ try RootCatalogue($0) }, { FetchedStones($0) }))
    }
}
