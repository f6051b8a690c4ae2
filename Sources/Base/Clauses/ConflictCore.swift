/// Clauses that cannot all hold, brought down to a set of which each is needed for that.
///
/// Takes clauses out one by one. What a solution of the rest tells of others that are needed as well spares most of the
/// trying: flipping one variable of it often violates just one other clause (model rotation).
package struct ConflictCore {
    private let clauses: [[Literal]]
    private let occurrences: [Literal: [Int]]
    private var isActive: [Bool]
    private var isNeeded: [Bool]

    package init(_ clauses: [[Literal]]) {
        // Variables are numbered anew: there may be few of many.
        var numbers: [Int: Int] = [:]
        var renamed: [[Literal]] = []
        var occurrences: [Literal: [Int]] = [:]
        for (index, clause) in clauses.enumerated() {
            var literals: [Literal] = []
            for literal in clause {
                let number = numbers[literal.variable] ?? numbers.count
                numbers[literal.variable] = number
                literals.append(Literal(number, isTrue: literal.isTrue))
            }
            for literal in literals { occurrences[literal, default: []].append(index) }
            renamed.append(literals)
        }
        self.clauses = renamed
        self.occurrences = occurrences
        isActive = Array(repeating: true, count: clauses.count)
        isNeeded = Array(repeating: false, count: clauses.count)
        variableCount = numbers.count
    }

    private let variableCount: Int

    /// The places of the clauses that remain; the first ones are taken out first.
    package mutating func minimised() -> [Int] {
        for index in clauses.indices where isActive[index] && !isNeeded[index] {
            isActive[index] = false
            guard let values = solution() else { continue }
            isActive[index] = true
            isNeeded[index] = true
            rotate(values, from: index)
        }
        return clauses.indices.filter { isActive[$0] }
    }

    /// Values under which all active clauses hold; nil, and fewer active ones, where there are none.
    private mutating func solution() -> [Bool]? {
        var solver = ClauseSolver()
        for _ in 0..<variableCount { _ = solver.addVariable() }
        var places: [Int] = []
        var conflict: ClauseSolver.Fact?
        for index in clauses.indices where isActive[index] && conflict == nil {
            places.append(index)
            conflict = solver.add(clauses[index])
        }
        var variable = 0
        while true {
            while conflict == nil, let literal = solver.next() { conflict = solver.propagate(literal) }
            if let found = conflict {
                guard solver.learn(from: found) else {
                    keep(solver.core(of: found), of: places)
                    return nil
                }
                conflict = nil
                variable = 0
                continue
            }
            while variable < variableCount, solver.isTrue(variable) || solver.isFalse(variable) { variable += 1 }
            guard variable < variableCount else { return (0..<variableCount).map(solver.isTrue) }
            solver.decide(Literal(variable, isTrue: false))
        }
    }

    private mutating func keep(_ core: ClauseSolver.Core, of places: [Int]) {
        var isInCore = isNeeded
        for case .clause(let index) in core.facts where index < places.count { isInCore[places[index]] = true }
        isActive = isInCore
    }

    /// Marks the clauses that are found to be needed from `values`, which violate only the clause `index`.
    private mutating func rotate(_ values: [Bool], from index: Int) {
        var values = values
        var path = [(clause: index, next: 0, flipped: -1)]
        while let step = path.last {
            guard step.next < clauses[step.clause].count else {
                if step.flipped >= 0 { values[step.flipped].toggle() }
                path.removeLast()
                continue
            }
            path[path.count - 1].next += 1
            let literal = clauses[step.clause][step.next]
            values[literal.variable].toggle()
            let violated = (occurrences[literal.opposite] ?? []).filter { clause in
                isActive[clause] && !clauses[clause].contains { values[$0.variable] == $0.isTrue }
            }
            if violated.count == 1, !isNeeded[violated[0]] {
                isNeeded[violated[0]] = true
                path.append((clause: violated[0], next: 0, flipped: literal.variable))
            } else {
                values[literal.variable].toggle()
            }
        }
    }
}
