package import BytePath
internal import LinuxSystem

/// A certificate authority nobody knows, and a server certificate it signed; made by openssl(1).
package struct TestCertificates: Sendable {
    /// What a client has to trust.
    package let authority: BytePath
    package let certificate: BytePath
    package let key: BytePath

    /// - Parameters:
    ///   - directory: where the files go.
    ///   - names: whom the certificate is for, as openssl writes it.
    package init(
        in directory: BytePath, names: [String] = ["IP:127.0.0.1", "DNS:localhost"]
    ) throws(TestSupportError) {
        let file = { (name: String) in directory.appending(BytePath(name)) }
        authority = file("authority.pem")
        certificate = file("server.pem")
        key = file("server.key")
        let settings = """
            [req]
            distinguished_name = name
            [name]
            [authority]
            basicConstraints = critical, CA:TRUE
            keyUsage = critical, keyCertSign
            subjectKeyIdentifier = hash
            [server]
            basicConstraints = critical, CA:FALSE
            extendedKeyUsage = serverAuth
            subjectAltName = \(names.joined(separator: ", "))
            """
        guard TestFiles.write(Array(settings.utf8), to: file("openssl.cnf").display) else {
            throw TestSupportError("cannot write to \(directory.display)")
        }
        let common: [BytePath] = [
            "req", "-x509", "-config", file("openssl.cnf"), "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
        ]
        try Command(
            "openssl",
            common + [
                "-extensions", "authority", "-subj", "/CN=Test authority", "-keyout", file("authority.key"), "-out",
                authority,
            ]
        ).runSuccessfully()
        try Command(
            "openssl",
            common + [
                "-extensions", "server", "-subj", "/CN=Test server", "-CA", authority, "-CAkey", file("authority.key"),
                "-keyout", key, "-out", certificate,
            ]
        ).runSuccessfully()
    }
}
