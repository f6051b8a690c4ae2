/// Turns Debian packages into stones.
@main
struct Entrypoint {
    static func main() {}
}
