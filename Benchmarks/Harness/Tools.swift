import BytePath

/// The programs of this build, which lie beside this one.
struct Tools {
    var directory: BytePath

    var corpusGenerator: BytePath { directory.appending("corpus-generator") }
    var linkTree: BytePath { directory.appending("link-tree") }
    var hashFiles: BytePath { directory.appending("hash-files") }
    var moss: BytePath { directory.appending("moss") }
}
