internal import ViewImage

final class Catalogue: Sendable {
    init(_ request: ViewRequest) throws(PreviewMount.Failure) {}
}
