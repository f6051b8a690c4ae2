import BytePath
import Glibc
import LinuxSystem
import PreviewMount

@main
enum Entrypoint {
    static func main() {
        exit(PreviewMount.run(Array(CurrentProcess.commandLine.dropFirst())))
    }
}
