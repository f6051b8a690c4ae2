internal import ArgumentParser

/// The options of commands that plan a change.
struct PlanOptions: ParsableArguments {
    @Flag(help: "Print the plan and change nothing.")
    var dryRun = false
}
