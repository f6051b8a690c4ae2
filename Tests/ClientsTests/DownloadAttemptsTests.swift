import BytePath
import Failures
import Testing
import Transfer

@testable import Downloads

/// Which server is asked next, and when it is enough.
@Suite struct DownloadAttemptsTests {
    private func attempts(_ addresses: String...) -> DownloadAttempts {
        var settings = DownloadSettings()
        (settings.tries, settings.waitMilliseconds, settings.waitMillisecondsMax) = (4, 100, 1000)
        return DownloadAttempts(
            DownloadItem(name: "a", label: "a", addresses: addresses, size: 10, sizeMax: 10), settings)
    }

    private func failure(
        _ kind: TransferFailure.Kind, transferred: UInt64 = 0, retryAfter: UInt32 = 0
    ) -> TransferFailure {
        var failure = TransferFailure(kind, "\(kind)")
        (failure.transferred, failure.retryAfter) = (transferred, retryAfter)
        return failure
    }

    @Test func waitsGrowAndEnd() {
        var attempts = attempts("one")
        var waits: [UInt64] = []
        while case .retry(let address, let wait, let fromStart) = attempts.after(failure(.interrupted)) {
            #expect(address == "one" && !fromStart)
            waits.append(wait)
        }
        #expect(waits == [100, 200, 400])
    }

    @Test func progressBeginsTheCountAnew() {
        var attempts = attempts("one")
        for _ in 0..<50 {
            guard case .retry(_, let wait, _) = attempts.after(failure(.interrupted, transferred: 1)) else {
                Issue.record("gave up although bytes came")
                return
            }
            #expect(wait == 100)
        }
    }

    @Test func asksAnotherServerAtOnce() {
        var attempts = attempts("one", "two")
        #expect(attempts.after(failure(.unreachable)) == .retry(address: "two", waitMilliseconds: 0, fromStart: false))
    }

    @Test func aServerWithoutTheFileIsOut() {
        var attempts = attempts("one", "two")
        #expect(attempts.after(failure(.notFound)) == .retry(address: "two", waitMilliseconds: 0, fromStart: false))
        guard case .retry(let address, _, _) = attempts.after(failure(.busy)) else {
            Issue.record("gave up")
            return
        }
        #expect(address == "two")
        guard case .giveUp(let error) = attempts.after(failure(.refused)) else {
            Issue.record("asked whom?")
            return
        }
        #expect(error.code == .notFound)
        #expect(error.message.contains("one: notFound; two: busy; two: refused"))
    }

    @Test func wrongBytesAreBlamedOnlyOnWhoSentThemAll() {
        var attempts = attempts("one", "two")
        #expect(
            attempts.afterWrongBytes("wrong", resumed: true)
                == .retry(address: "one", waitMilliseconds: 0, fromStart: true))
        #expect(
            attempts.afterWrongBytes("wrong", resumed: false)
                == .retry(address: "two", waitMilliseconds: 0, fromStart: true))
        guard case .giveUp(let error) = attempts.afterWrongBytes("wrong", resumed: false) else {
            Issue.record("asked whom?")
            return
        }
        #expect(error.code == .arbitraryPackage)
    }

    @Test func waitsAsLongAsTheServerWishes() {
        var attempts = attempts("one")
        #expect(
            attempts.after(failure(.busy, retryAfter: 60))
                == .retry(address: "one", waitMilliseconds: 1000, fromStart: false))
    }

    @Test func aFullDiskIsNobodysFault() {
        var attempts = attempts("one", "two")
        var full = failure(.local)
        full.number = 28
        guard case .giveUp(let error) = attempts.after(full) else {
            Issue.record("went on")
            return
        }
        #expect(error.marks.contains(.diskFull))
    }
}
