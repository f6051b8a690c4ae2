/// YAML texts as values: scalars, lists and ordered maps that know their line, read within bounds by libyaml.
///
/// Scalars keep their text as written; what it stands for (a number, a truth value, nothing) is for the accessors to
/// say, so that `no` is never false and `1.10` never 1.1.
package struct YAMLNode: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping(YAMLMapping)
    }

    package var content: Content
    /// Where it begins; for what an alias repeats, where the original begins.
    package var mark: YAMLMark
    /// The tag it was given, such as `tag:yaml.org,2002:str` for `!!str`; nil for most.
    package var tag: String?

    package init(_ content: Content, at mark: YAMLMark, tag: String? = nil) {
        self.content = content
        self.mark = mark
        self.tag = tag
    }
}
