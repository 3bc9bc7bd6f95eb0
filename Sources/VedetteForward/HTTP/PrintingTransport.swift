import Foundation
import Synchronization
import VedetteCodec
import VedetteRuntime

/// Standard output, one line at a time.
final class PrintingOutput: Sendable {
    private let lock = Mutex(())

    func print(_ line: [UInt8]) { lock.withLock { _ in FileHandle.standardOutput.write(Data(line + [0x0A])) } }
}

/// Prints requests as JSON lines instead of sending them, and takes them for accepted.
struct PrintingTransport: Transport {
    private let destination: ForwardDestination
    private let output: PrintingOutput

    init(_ destination: ForwardDestination, _ output: PrintingOutput) {
        self.destination = destination
        self.output = output
    }

    func send(_ request: OutgoingRequest) -> Reply {
        var json = JSONWriter()
        json.beginObject()
        json.field("destination", destination.name)
        json.field("type", destination.kind.rawValue)
        json.field("host", destination.shownHost)
        json.key("headers")
        json.beginObject()
        for (name, value) in request.headers { json.field(name, value) }
        json.endObject()
        json.key("body")
        json.value(json: request.body)
        json.endObject()
        output.print(json.bytes)
        return .status(200, retryAfter: nil, body: "")
    }
}
