extension ClauseSolver {
    /// Given facts and decisions that cannot all hold.
    package struct Core {
        package var facts: [Fact] = []
        package var decisions: [Int] = []
    }

    /// What makes `conflict` inevitable.
    package func core(of conflict: Fact) -> Core {
        var tracing = Tracing(solver: self)
        tracing.use(conflict, besides: nil)
        return tracing.finished()
    }

    /// What makes `variable`, which was to be true, false.
    package func core(against variable: Int) -> Core {
        var tracing = Tracing(solver: self)
        tracing.pending.append(variable)
        var core = tracing.finished()
        core.decisions.append(variable)
        return core
    }

    /// Follows reasons back to what was given or decided.
    private struct Tracing {
        let solver: ClauseSolver
        var pending: [Int] = []
        private var core = Core()
        private var facts: Set<Fact> = []
        private var variables: Set<Int> = []

        init(solver: ClauseSolver) { self.solver = solver }

        /// Adds a fact, and has to be told why its literals are false.
        mutating func use(_ fact: Fact, besides variable: Int?) {
            collect(fact)
            for literal in solver.literals(of: fact) where literal.variable != variable {
                pending.append(literal.variable)
            }
        }

        /// Adds a fact; of one that was learned all that it was learned from.
        private mutating func collect(_ fact: Fact) {
            var stack = [fact]
            while let fact = stack.popLast() {
                guard facts.insert(fact).inserted else { continue }
                if case .clause(let index) = fact, let derivation = solver.derivations[index] {
                    stack += derivation.facts
                    pending += derivation.fixed
                } else {
                    core.facts.append(fact)
                }
            }
        }

        mutating func finished() -> Core {
            while let variable = pending.popLast() {
                guard variables.insert(variable).inserted else { continue }
                if let reason = solver.reasons[variable] {
                    use(reason, besides: variable)
                } else {
                    core.decisions.append(variable)
                }
            }
            return core
        }
    }
}
