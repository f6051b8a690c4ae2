import Synchronization

/// `transform` of every element, in their order, computed on as many threads as there are processors.
///
/// After the first error no further element is begun; that error is thrown.
package func inParallel<Element: Sendable, Result: Sendable, Failure: Error>(
    _ elements: [Element], threadCount: Int = processorCount(),
    _ transform: @escaping @Sendable (Element) throws(Failure) -> Result
) throws(Failure) -> [Result] {
    let next = Atomic<Int>(0)
    let results = Guarded<[Int: Result]>([:])
    let failure = FirstError<Failure>()
    withThreads(min(threadCount, max(1, elements.count))) { _ in
        while !failure.occurred {
            let index = next.add(1, ordering: .relaxed).oldValue
            guard index < elements.count else { return }
            do throws(Failure) {
                let result = try transform(elements[index])
                results.withLock { $0[index] = result }
            } catch {
                failure.record(error)
            }
        }
    }
    try failure.throwIfAny()
    return results.withLock { results in elements.indices.compactMap { results[$0] } }
}
