/// Why a text is no address, or a reference leads nowhere.
package struct WebAddressError: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        /// Of another scheme, or of none.
        case notWeb
        /// A user's name or password in it.
        case userInformation
        case query
        case fragment
        case host
        case port
        case path
        case tooLong
        /// A reference to another server.
        case leavesServer
        /// A reference to what is not below the directory that it has to stay in.
        case leavesDirectory
    }

    package var code: Code
    /// What is wrong, and what helps, as a phrase without a full stop.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension WebAddressError: CustomStringConvertible {
    package var description: String { message }
}
