internal import BytePath
internal import Downloads
internal import Storage

/// Runs `body` with database errors as repository errors.
func storing<R>(_ body: () throws(DatabaseError) -> R) throws(RepositoryError) -> R {
    do throws(DatabaseError) {
        return try body()
    } catch {
        throw RepositoryError(.database, error.directory.display, wrapping: error)
    }
}
