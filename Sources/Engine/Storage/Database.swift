// What every module that keeps records speaks in (buckets, cursors, transactions) comes with this one.
@_exported public import LMDB

/// A root's database: its buckets by name, how what the engine names is written in it, and the only door to LMDB.
///
/// A module keeps the database that it was given to itself.
package typealias Database = Environment
package typealias DatabaseOptions = EnvironmentOptions
