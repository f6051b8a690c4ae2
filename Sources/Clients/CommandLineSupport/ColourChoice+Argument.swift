internal import ArgumentParser
internal import TerminalOutput

extension ColourChoice: ExpressibleByArgument {}
