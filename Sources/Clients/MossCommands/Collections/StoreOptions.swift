internal import ArgumentParser

/// Where a store of objects is.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The address of the store that has s3://BUCKET (AWS_ENDPOINT_URL, else Amazon's).", valueName: "url"))
    var endpoint: String?

    @Option(help: ArgumentHelp("The store's region (AWS_REGION, else us-east-1).", valueName: "name"))
    var region: String?

    var isGiven: Bool { endpoint != nil || region != nil }
}
