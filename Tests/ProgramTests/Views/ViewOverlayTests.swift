import BytePath
import LinuxSystem
import TestSupport
import Testing

/// An overlay whose lower layer is a view: everything can be written, and the view stays as it is.
@Suite(.needsRoot) struct ViewOverlayTests {
    private func withOverlay(_ reading: String, _ body: (ViewFixture, BytePath) throws -> Void) throws {
        try ViewFixture.run {
            try $0.publish("below") { package in
                package.add(file: "share/below/small", Array("small\n".utf8))
                package.add(file: "share/below/large", [UInt8](repeating: 9, count: 1 << 20))
                package.add(file: "share/below/same", Array("small\n".utf8))
                package.add(link: "share/below/link", to: "small")
                for number in 0..<20 {
                    package.add(file: BytePath("share/tree/deep/\(number)"), Array("\(number)".utf8))
                }
            }
        } _: { fixture in
            try fixture.moss.succeed("install", "-y", "below")
            let scratch = try Descriptor.openDirectory(fixture.moss.scratch)
            for name: BytePath in ["upper", "work", "merged"] { try scratch.makeDirectory(name) }
            let merged = fixture.moss.scratch.appending("merged")
            try fixture.mounted("1", reading: reading) { place in
                let options = "lowerdir=view,upperdir=upper,workdir=work,redirect_dir=on"
                try Command(
                    "mount", ["-t", "overlay", "overlay", "-o", BytePath(options), "merged"], in: fixture.moss.scratch
                ).runSuccessfully()
                defer { try? MountTable.unmount(merged, lazily: false) }
                try body(fixture, merged)
            }
        }
    }

    @Test(arguments: ["auto", "passthrough", "cached"])
    func everythingCanBeWritten(reading: String) throws {
        try withOverlay(reading) { fixture, merged in
            let before = try ObservedTree(fixture.place)
            #expect(try ObservedTree(merged).listing == before.listing)
            let script: BytePath = """
                set -eux; cd "$1"
                echo new >share/new; [ "$(cat share/new)" = new ]
                # Copied up: by appending, overwriting a part, changing mode and owner.
                echo more >>share/below/small; [ "$(tr '\\n' ' ' <share/below/small)" = "small more " ]
                [ "$(cat share/below/same)" = small ]
                printf X | dd of=share/below/large bs=1 seek=500000 conv=notrunc status=none
                [ $(stat -c %s share/below/large) = 1048576 ]; [ "$(tr -d '\\t' <share/below/large)" = X ]
                chmod 700 bin/below; chown 3:4 bin/below; [ "$(stat -c %a:%u:%g bin/below)" = 700:3:4 ]
                # Names.
                mv share/below/same share/moved; [ "$(cat share/moved)" = small ]; [ ! -e share/below/same ]
                mv share/tree/deep share/deep; [ "$(cat share/deep/19)" = 19 ]; [ ! -e share/tree/deep ]
                rm share/below/link; [ ! -L share/below/link ]
                ln share/below/large share/hard; cmp share/below/large share/hard
                rm -r share/tree; [ ! -e share/tree ]; mkdir share/tree; [ -z "$(ls share/tree)" ]
                """
            let result = try Command("bash", ["-c", script, "bash", merged]).run()
            #expect(result.end == .exited(0), "\(result.errorText)")
            let after = try ObservedTree(fixture.place)
            #expect(after.differences(from: before) == [])
            #expect(try fixture.requests()["failures"] == nil)
        }
    }
}
