package import BytePath
internal import CommandLineSupport
internal import Installation
package import TerminalOutput
package import ViewProcess

/// A view that was started.
package struct MountReport: Report {
    package var mountpoint: String
    package var mountpointBytes: String?
    /// A state's number, or `candidate`.
    package var shows: String
    /// `passthrough` or `cached`.
    package var reading = ""
    package var process: Int32 = 0
    package var packages: Int
    /// Packages that the store lacks, brought for this view.
    package var arrivals: Int
    package var entries: UInt64

    package init(_ view: borrowing PreparedView, at mountpoint: BytePath) {
        let text = PathText(mountpoint)
        (self.mountpoint, mountpointBytes) = (text.text, text.bytes)
        shows = view.shown
        (packages, arrivals, entries) = (view.packages, view.arrivals, view.entries)
    }

    package mutating func note(_ started: ViewProcess.Started) {
        (reading, process) = (started.reading, started.process)
    }

    package func write(to output: TerminalStream) {
        let what = shows == "candidate" ? "The candidate" : "State \(shows)"
        var details = ["\(reading) reads", Measures.count(packages, "package")]
        if arrivals > 0 { details.append("\(arrivals) of them for this view only") }
        output.line("\(what) is at \(mountpoint.printable) (\(details.joined(separator: ", "))).")
    }
}

/// A view of everything that was started.
package struct MountAllReport: Report {
    package var mountpoint: String
    package var mountpointBytes: String?
    package var shows = "all"
    /// `passthrough` or `cached`.
    package var reading = ""
    package var process: Int32 = 0
    package var states: Int

    package init(states: Int, at mountpoint: BytePath) {
        let text = PathText(mountpoint)
        (self.mountpoint, mountpointBytes) = (text.text, text.bytes)
        self.states = states
    }

    package mutating func note(_ started: ViewProcess.Started) {
        (reading, process) = (started.reading, started.process)
    }

    package func write(to output: TerminalStream) {
        output.line("\(Measures.count(states, "state")) at \(mountpoint.printable)/states (\(reading) reads).")
    }
}

/// A view that was ended.
package struct UnmountReport: Report {
    package var mountpoint: String
    package var mountpointBytes: String?

    /// `unmounted`, `wasDead`, `wasSilent` or `detached`.
    package var ending: String

    package init(_ mountpoint: BytePath, _ ending: ViewProcess.Ending = .unmounted) {
        let text = PathText(mountpoint)
        (self.mountpoint, mountpointBytes) = (text.text, text.bytes)
        self.ending = ending.rawValue
    }

    package func write(to output: TerminalStream) {
        let remark =
            switch ViewProcess.Ending(rawValue: ending) {
            case .wasDead: " Its process had been killed before."
            case .wasSilent: " Its process did not answer, and was ended."
            case .detached: " What is open there stays usable until it is closed."
            case .unmounted, nil: ""
            }
        output.line("Nothing is shown at \(mountpoint.printable) any more.\(remark)")
    }
}

/// The views of a root.
package struct ViewListReport: Report {
    package struct View: Encodable, Hashable, Sendable {
        package var mountpoint: String
        package var mountpointBytes: String?
        package var shows: String
        package var process: Int32
        package var alive: Bool
        /// `answering`, `silent`, `dead` or `detached`.
        package var condition: String
        /// Words such as `reading=passthrough` and `open=12`.
        package var statistics: String?

        fileprivate var conditionText: String {
            switch ViewProcess.Mounted.Condition(rawValue: condition) {
            case .detached: "unmounted, still in use"
            case .dead: "was killed"
            case .silent, .answering, nil: "does not answer"
            }
        }
    }

    package var views: [View]

    package init(_ views: [ViewProcess.Mounted]) {
        self.views = views.map { view in
            let mountpoint = PathText(view.mountpoint)
            return View(
                mountpoint: mountpoint.text, mountpointBytes: mountpoint.bytes, shows: view.shows,
                process: view.process,
                alive: view.isAlive, condition: view.condition.rawValue, statistics: view.statistics)
        }
    }

    package func write(to output: TerminalStream) {
        var table = Table()
        for view in views {
            table.add(
                .init(view.mountpoint.printable), .init(view.shows.printable, .bold), .init("process \(view.process)"),
                .init(view.statistics?.printable ?? view.conditionText, view.alive ? .dim : .red))
        }
        table.write(to: output)
    }
}
