internal import CLMDB

extension Environment {
    /// Bytes of address space the map takes.
    var mapSize: Int {
        var info = MDB_envinfo()
        mdb_env_info(handle, &info)
        return info.me_mapsize
    }

    /// Doubles the map, after the transactions of this process have ended.
    func growMap() throws(DatabaseError) {
        let limit = AddressSpace.rounded(options.mapSizeLimit)
        try gate.whileStill { () throws(DatabaseError) -> DatabaseError? in
            let size = mapSize
            guard size < limit else {
                throw DatabaseError(.mapFull, directory: directory, detail: "the limit is \(limit) bytes")
            }
            let (doubled, overflow) = size.multipliedReportingOverflow(by: 2)
            return try moveMap(to: min(limit, overflow ? limit : doubled))
        }
    }

    /// Maps as much as the process that last committed.
    func adoptMapSize() throws(DatabaseError) {
        try gate.whileStill { () throws(DatabaseError) -> DatabaseError? in try moveMap(to: 0) }
    }

    /// - Parameter size: 0 for the size recorded in the file.
    /// - Returns: an error after which the environment has no map any more.
    private func moveMap(to size: Int) throws(DatabaseError) -> DatabaseError? {
        guard AddressSpace.isAvailable(max(size, mapSize)) else {
            throw DatabaseError(.outOfMemory, directory: directory, detail: "no room for a map of \(size) bytes")
        }
        let result = mdb_env_set_mapsize(handle, size)
        guard result != MDB_SUCCESS else { return nil }
        var error = DatabaseError(result: result, directory: directory, doing: "growing to \(size) bytes")
        error.code = .unusable
        return error
    }
}
