/// Runs the moss command line.
@main
struct Entrypoint {
    static func main() {}
}
