/// Finds values for variables under facts, by deciding, propagating and learning from conflicts (CDCL); knows nothing
/// of packages.
///
/// The owner decides, in an order of its own, and may add variables and facts while it does. Because what is learned
/// follows from the facts alone, a literal that was decided before others is false in the end only if the facts and
/// the decisions before it force it to be: the first solution is the best one in the order of deciding. Needs and
/// exclusions are facts of two literals that would be too many to be written down as clauses.
package struct ClauseSolver {
    package enum Fact: Hashable {
        /// One of the literals of this clause is true.
        case clause(Int)
        /// The first variable is true only if the second one is.
        case need(Int, Int)
        /// Not both variables are true.
        case exclusion(Int, Int, group: Int)
        /// The variable is true.
        case given(Int)
    }

    /// Where a learned clause comes from.
    struct Derivation {
        var facts: [Fact] = []
        /// Variables whose value needs no decision.
        var fixed: [Int] = []
    }

    /// Variables of which none on the left may be true together with another one on the right.
    private struct Group {
        var left: [Int] = []
        var right: [Int] = []
    }

    private struct Membership {
        var group: Int
        var isLeft: Bool
    }

    package struct Pair: Hashable {
        var one: Int
        var other: Int

        package init(_ one: Int, _ other: Int) { (self.one, self.other) = (min(one, other), max(one, other)) }
    }

    /// What is true, in the order in which it became so.
    package private(set) var trail: [Literal] = []
    package private(set) var clauses: [[Literal]] = []
    /// Of each clause; nil for those that were given.
    private(set) var derivations: [Derivation?] = []
    package private(set) var needers: [[Int]] = []
    package private(set) var learnedLiteralCount = 0
    /// Exclusions that do not count.
    package var ignored: Set<Pair> = []

    package init() {}

    /// 1 for true, -1 for false.
    private var values: [Int8] = []
    private var levels: [Int] = []
    private var places: [Int] = []
    package private(set) var reasons: [Fact?] = []
    private var needs: [[Int]] = []
    /// Bound variables may be true together, whatever groups say.
    private var isBound: [Bool] = []
    private var memberships: [[Membership]] = []
    private var groups: [Group] = []
    private var watches: [[Int]] = []
    private var isSeen: [Bool] = []
    /// Where on the trail each level starts.
    private var starts: [Int] = []
    private var head = 0

    package var level: Int { starts.count }
    package var variableCount: Int { values.count }

    package func isTrue(_ variable: Int) -> Bool { values[variable] > 0 }
    package func isFalse(_ variable: Int) -> Bool { values[variable] < 0 }
    /// Where on the trail an assigned variable is.
    package func place(of variable: Int) -> Int { places[variable] }

    private func value(_ literal: Literal) -> Int8 {
        literal.isTrue ? values[literal.variable] : -values[literal.variable]
    }

    // MARK: Facts

    package mutating func addVariable(isBound: Bool = false) -> Int {
        values.append(0)
        levels.append(0)
        places.append(0)
        reasons.append(nil)
        needs.append([])
        needers.append([])
        self.isBound.append(isBound)
        memberships.append([])
        isSeen.append(false)
        watches.append([])
        watches.append([])
        return values.count - 1
    }

    /// Makes `variable` true for good; only before anything is decided.
    package mutating func give(_ variable: Int) -> Fact? {
        if values[variable] < 0 { return .given(variable) }
        if values[variable] == 0 { assign(Literal(variable, isTrue: true), because: .given(variable)) }
        return nil
    }

    /// Adds a clause at any time.
    ///
    /// - Returns: the clause, where it is violated already.
    package mutating func add(_ literals: [Literal]) -> Fact? { add(literals, nil) }

    private mutating func add(_ literals: [Literal], _ derivation: Derivation?) -> Fact? {
        let index = clauses.count
        var literals = literals
        // Watched are two that are not false, or else those that were the last to become so.
        for place in 0..<min(2, literals.count) {
            var best = place
            for other in literals.indices.dropFirst(place + 1) where rank(literals[other]) > rank(literals[best]) {
                best = other
            }
            literals.swapAt(place, best)
            watches[literals[place].code].append(index)
        }
        clauses.append(literals)
        derivations.append(derivation)
        guard let first = literals.first, value(first) >= 0 else { return .clause(index) }
        let isUnit = literals.count == 1 || value(literals[1]) < 0
        if isUnit && value(first) == 0 { assign(first, because: .clause(index)) }
        return nil
    }

    private func rank(_ literal: Literal) -> Int { value(literal) < 0 ? levels[literal.variable] : .max }

    /// Adds that `variable` needs `needed`, at any time.
    package mutating func addNeed(_ variable: Int, _ needed: Int) -> Fact? {
        needs[variable].append(needed)
        needers[needed].append(variable)
        guard values[variable] > 0 else {
            if values[variable] == 0 && values[needed] < 0 {
                assign(Literal(variable, isTrue: false), because: .need(variable, needed))
            }
            return nil
        }
        if values[needed] < 0 { return .need(variable, needed) }
        if values[needed] == 0 { assign(Literal(needed, isTrue: true), because: .need(variable, needed)) }
        return nil
    }

    package mutating func addGroup() -> Int {
        groups.append(Group())
        return groups.count - 1
    }

    /// Puts `variable` into a group, at any time.
    package mutating func join(_ variable: Int, _ group: Int, left: Bool, right: Bool) {
        if left {
            groups[group].left.append(variable)
            memberships[variable].append(Membership(group: group, isLeft: true))
            exclude(variable, by: groups[group].right, group)
        }
        if right {
            groups[group].right.append(variable)
            memberships[variable].append(Membership(group: group, isLeft: false))
            exclude(variable, by: groups[group].left, group)
        }
    }

    private mutating func exclude(_ variable: Int, by others: [Int], _ group: Int) {
        guard values[variable] == 0 else { return }
        for other in others where values[other] > 0 && excludes(variable, other) {
            assign(Literal(variable, isTrue: false), because: .exclusion(other, variable, group: group))
            return
        }
    }

    private func excludes(_ one: Int, _ other: Int) -> Bool {
        one != other && !(isBound[one] && isBound[other])
            && (ignored.isEmpty || !ignored.contains(Pair(one, other)))
    }

    /// The literals of which one is true.
    package func literals(of fact: Fact) -> [Literal] {
        switch fact {
        case .clause(let index): clauses[index]
        case .need(let one, let other): [Literal(one, isTrue: false), Literal(other, isTrue: true)]
        case .exclusion(let one, let other, _): [Literal(one, isTrue: false), Literal(other, isTrue: false)]
        case .given(let variable): [Literal(variable, isTrue: true)]
        }
    }

    // MARK: Values

    private mutating func assign(_ literal: Literal, because reason: Fact?) {
        let variable = literal.variable
        values[variable] = literal.isTrue ? 1 : -1
        levels[variable] = level
        places[variable] = trail.count
        reasons[variable] = reason
        trail.append(literal)
    }

    /// Opens a level in which `literal`, which has no value, is true.
    package mutating func decide(_ literal: Literal) {
        starts.append(trail.count)
        assign(literal, because: nil)
    }

    /// Takes back everything above `level`.
    package mutating func backtrack(to level: Int) {
        guard level < starts.count else { return }
        for literal in trail[starts[level]...] { values[literal.variable] = 0 }
        trail.removeSubrange(starts[level]...)
        starts.removeSubrange(level...)
        head = trail.count
    }

    /// The next literal that has become true and whose consequences are not drawn yet.
    package mutating func next() -> Literal? {
        guard head < trail.count else { return nil }
        head += 1
        return trail[head - 1]
    }

    /// Draws what follows from a literal that ``next()`` gave; the violated fact, if there is one.
    package mutating func propagate(_ literal: Literal) -> Fact? {
        propagateNeeds(literal) ?? propagateClauses(literal.opposite)
    }

    private mutating func propagateNeeds(_ literal: Literal) -> Fact? {
        let variable = literal.variable
        guard literal.isTrue else {
            for needer in needers[variable] {
                if values[needer] > 0 { return .need(needer, variable) }
                if values[needer] == 0 {
                    assign(Literal(needer, isTrue: false), because: .need(needer, variable))
                }
            }
            return nil
        }
        for needed in needs[variable] {
            if values[needed] < 0 { return .need(variable, needed) }
            if values[needed] == 0 { assign(Literal(needed, isTrue: true), because: .need(variable, needed)) }
        }
        for membership in memberships[variable] {
            let group = groups[membership.group]
            for other in membership.isLeft ? group.right : group.left {
                guard values[other] >= 0, excludes(variable, other) else { continue }
                let fact = Fact.exclusion(variable, other, group: membership.group)
                if values[other] > 0 { return fact }
                assign(Literal(other, isTrue: false), because: fact)
            }
        }
        return nil
    }

    /// Looks at the clauses that watch a literal which has become false.
    private mutating func propagateClauses(_ literal: Literal) -> Fact? {
        var watching: [Int] = []
        swap(&watching, &watches[literal.code])
        var kept = 0
        var next = 0
        var conflict: Fact?
        while next < watching.count {
            let index = watching[next]
            next += 1
            if moveWatch(of: index, from: literal) { continue }
            watching[kept] = index
            kept += 1
            let first = clauses[index][0]
            if value(first) < 0 {
                conflict = .clause(index)
                break
            }
            if value(first) == 0 { assign(first, because: .clause(index)) }
        }
        while next < watching.count {
            watching[kept] = watching[next]
            (kept, next) = (kept + 1, next + 1)
        }
        watching.removeSubrange(kept...)
        watching += watches[literal.code]
        watches[literal.code] = watching
        return conflict
    }

    /// Watches another literal of the clause, if there is one that is not false; puts the other watched one first.
    private mutating func moveWatch(of index: Int, from literal: Literal) -> Bool {
        guard clauses[index].count > 1 else { return false }
        if clauses[index][0] == literal { clauses[index].swapAt(0, 1) }
        if value(clauses[index][0]) > 0 { return false }
        for place in clauses[index].indices.dropFirst(2) where value(clauses[index][place]) >= 0 {
            clauses[index].swapAt(1, place)
            watches[clauses[index][1].code].append(index)
            return true
        }
        return false
    }

    // MARK: Conflicts

    /// Learns from a violated fact why it came to it, and takes back what led there.
    ///
    /// - Returns: false where no decision is to blame: there is no solution.
    package mutating func learn(from conflict: Fact) -> Bool {
        guard level > 0 else { return false }
        var learned: [Literal] = []
        var derivation = Derivation()
        var seen: [Int] = []
        var open = 0
        var place = trail.count
        var fact = conflict
        var pivot: Literal?
        while true {
            derivation.facts.append(fact)
            for literal in literals(of: fact) where literal != pivot && !isSeen[literal.variable] {
                let variable = literal.variable
                isSeen[variable] = true
                seen.append(variable)
                if levels[variable] == 0 {
                    derivation.fixed.append(variable)
                } else if levels[variable] == level {
                    open += 1
                } else {
                    learned.append(literal)
                }
            }
            repeat { place -= 1 } while !isSeen[trail[place].variable]
            pivot = trail[place]
            open -= 1
            // The first literal of this level through which everything led here.
            guard open > 0, let reason = reasons[trail[place].variable] else { break }
            fact = reason
        }
        for variable in seen { isSeen[variable] = false }
        let back = learned.map { levels[$0.variable] }.max() ?? 0
        learned.insert(trail[place].opposite, at: 0)
        learnedLiteralCount += learned.count + derivation.facts.count
        backtrack(to: back)
        _ = add(learned, derivation)
        return true
    }
}
