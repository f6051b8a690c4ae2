internal import ArgumentParser
internal import Downloads
internal import ObjectStores

/// Where a store of objects is.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The address of the store that has s3://BUCKET (AWS_ENDPOINT_URL, else Amazon's).", valueName: "url"))
    var endpoint: String?

    @Option(help: ArgumentHelp("The store's region (AWS_REGION, else us-east-1).", valueName: "name"))
    var region: String?

    var isGiven: Bool { endpoint != nil || region != nil }

    static func isMeant(_ uri: String) -> Bool { URIReference.scheme(of: uri) == StoreLocation.scheme }

    func location(_ uri: String, or found: StoreSurroundings) throws(RepositoryError) -> StoreLocation {
        try StoreLocation(uri, endpoint: endpoint ?? found.endpoint, region: region ?? found.region)
    }
}
