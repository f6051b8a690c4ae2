package import BytePath
internal import Digests
package import Failures
package import FileTree
internal import LinuxSystem
package import PackageModel

/// What is wrong with anything the engine keeps, how that is found, and how its records are made anew.
///
/// One thing that is not as it should be in a root.
package struct Damage: Hashable, Sendable {
    package enum Subject: Hashable, Sendable {
        /// The structure of the database, or a bucket as a whole.
        case database
        case record(bucket: String, key: [UInt8])
        case object(ObjectID, EntryMetadata)
        /// A file below `.moss` that is none of the others.
        case file(BytePath)
        /// The manifest of a package.
        case manifest(PackageID)
        /// The file of a state.
        case stateFile(UInt64)
        /// An entry of a tree on disk: the tree's place in the root, and the path in it.
        case entry(place: BytePath, path: BytePath)
        case collection(String)
    }

    package enum Problem: String, CaseIterable, Hashable, Sendable {
        case missing
        case wrongSize = "wrong_size"
        case wrongContent = "wrong_content"
        case wrongMode = "wrong_mode"
        case wrongOwner = "wrong_owner"
        /// The time every object has is gone: somebody wrote to it or touched it.
        case wrongTime = "wrong_time"
        case wrongKind = "wrong_kind"
        /// It has a capability, an access list or another attribute, or is immutable.
        case wrongAttributes = "wrong_attributes"
        case wrongTarget = "wrong_target"
        /// Another file than the store's, which looks the same.
        case foreign
        case extra
        case unreadable
        /// Cannot be decoded, or fails its checksum.
        case damaged
        /// Refers to something that is not there.
        case dangling
        /// Nobody needs it.
        case orphan
        case stale
    }

    /// Something that could not be looked at: what is there is not known.
    package struct Unseen: Hashable, Sendable {
        package let subject: Subject
        package let reason: String
        /// What helps, as a phrase.
        package let remedy: String

        package init(_ subject: Subject, _ reason: some MarkedError) {
            self.subject = subject
            self.reason = "\(reason)"
            remedy = reason.remedy
        }

        package init(_ subject: Subject, _ reason: String, remedy: String) {
            self.subject = subject
            self.reason = reason
            self.remedy = remedy
        }
    }

    package var subject: Subject
    package var problem: Problem
    /// What was found, in a few words; may be empty.
    package var detail: String

    package init(_ subject: Subject, _ problem: Problem, _ detail: String = "") {
        self.subject = subject
        self.problem = problem
        self.detail = detail
    }

    /// For ``Problem/wrongAttributes``.
    package static let lockedDetail = "immutable or append-only"

    package static func detail(attributes: [String]) -> String { "has \(attributes.joined(separator: ", "))" }

    /// Nothing is wrong because of it, it only takes space.
    package var isLitter: Bool { problem == .orphan || problem == .stale }
}
