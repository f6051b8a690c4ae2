import Clauses
import TestSupport
import Testing

/// Random clauses against trying all values.
@Suite struct ClauseSolverTests {
    private func literals(_ numbers: [Int]) -> [Literal] { numbers.map { Literal(abs($0) - 1, isTrue: $0 > 0) } }

    private func holds(_ clauses: [[Literal]], _ bits: Int) -> Bool {
        clauses.allSatisfy { $0.contains { (bits >> $0.variable & 1 == 1) == $0.isTrue } }
    }

    private func isSatisfiable(_ clauses: [[Literal]], variables: Int) -> Bool {
        (0..<(1 << variables)).contains { holds(clauses, $0) }
    }

    /// Values for `clauses`, lower variables false where that is possible; or clauses that cannot all hold.
    private func solve(_ clauses: [[Literal]], variables: Int) -> (values: Int?, core: [Int]) {
        var solver = ClauseSolver()
        for _ in 0..<variables { _ = solver.addVariable() }
        var conflict: ClauseSolver.Fact?
        for clause in clauses where conflict == nil { conflict = solver.add(clause) }
        while true {
            while conflict == nil, let literal = solver.next() { conflict = solver.propagate(literal) }
            if let found = conflict {
                conflict = nil
                if solver.learn(from: found) { continue }
                let facts = solver.core(of: found).facts
                return (nil, facts.compactMap { if case .clause(let index) = $0 { index } else { nil } })
            }
            let open = (0..<variables).first { !solver.isTrue($0) && !solver.isFalse($0) }
            guard let open else {
                return ((0..<variables).reduce(0) { $0 | (solver.isTrue($1) ? 1 << $1 : 0) }, [])
            }
            solver.decide(Literal(open, isTrue: false))
        }
    }

    @Test(arguments: 1...400) func agreesWithTryingEverything(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let variables = Int.random(in: 2...9, using: &random)
        let clauses = (0..<Int.random(in: 1...40, using: &random)).map { _ in
            literals(
                Array(
                    Set(
                        (0..<Int.random(in: 1...3, using: &random)).map { _ in
                            Int.random(in: 1...variables, using: &random)
                        })
                ).sorted().map { Bool.random(using: &random) ? $0 : -$0 })
        }
        let solutions = (0..<(1 << variables)).filter { holds(clauses, $0) }
        let (values, core) = solve(clauses, variables: variables)
        // The first in the order of deciding: lower variables are decided first, to be false.
        let first = solutions.min { one, other in
            let differing = (one ^ other).trailingZeroBitCount
            return one >> differing & 1 == 0
        }
        #expect(values == first, "seed \(seed)")
        guard values == nil else { return }
        let found = core.map { clauses[$0] }
        #expect(!isSatisfiable(found, variables: variables), "seed \(seed)")
        var minimal = ConflictCore(found)
        let left = minimal.minimised().map { found[$0] }
        #expect(!isSatisfiable(left, variables: variables), "seed \(seed)")
        for index in left.indices {
            var fewer = left
            fewer.remove(at: index)
            #expect(isSatisfiable(fewer, variables: variables), "seed \(seed)")
        }
    }

    @Test func needsAndExclusionsCountAsClausesDo() {
        var solver = ClauseSolver()
        let (one, other, third) = (solver.addVariable(), solver.addVariable(), solver.addVariable())
        let group = solver.addGroup()
        solver.join(other, group, left: true, right: false)
        solver.join(third, group, left: false, right: true)
        #expect(solver.addNeed(one, other) == nil && solver.addNeed(one, third) == nil)
        let given = solver.give(one)
        var conflict = given
        while conflict == nil, let literal = solver.next() { conflict = solver.propagate(literal) }
        let core = conflict.map { Set(solver.core(of: $0).facts) }
        #expect(
            core == [.given(one), .need(one, other), .need(one, third), .exclusion(other, third, group: group)]
                || core == [.given(one), .need(one, other), .need(one, third), .exclusion(third, other, group: group)])
    }
}
