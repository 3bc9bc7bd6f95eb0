import CodecReference
import VedetteCodec
import VedetteCore

/// Hands libFuzzer's inputs to the decoders: what follows an `L` is a label, a `C` a control record, all else a decision. Traps where a decoder crashes,
/// leaves half a row, or reads a decision otherwise than the slow decoder that shares no code with it.
@main struct Fuzz {
    static func main() {
        // The package manager gives the program an entry point of its own, so libFuzzer's is not linked.
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        _ = runFuzzer(&count, &arguments) { data, size in
            guard let data, size > 0 else { return 0 }
            let bytes = UnsafeBufferPointer(start: data, count: size)
            switch data[0] {
            case UInt8(ascii: "L"): DecoderFuzzer.shared.label(.init(rebasing: bytes.dropFirst()))
            case UInt8(ascii: "C"): DecoderFuzzer.shared.control(.init(rebasing: bytes.dropFirst()))
            default: DecoderFuzzer.shared.decision(bytes)
            }
            return 0
        }
    }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The decoders under test. libFuzzer calls from one thread.
final class DecoderFuzzer: @unchecked Sendable {
    static let shared = DecoderFuzzer()
    private static let limits = DecodeLimits()

    private let decisions: DecisionDecoder
    private let labels: LabelDecoder
    private let controls: ControlDecoder
    private let reference = ReferenceDecoder(schema: testSchema, limits: limits)

    private init() {
        do {
            decisions = try DecisionDecoder(schema: testSchema, mapping: DecisionMapping(), limits: Self.limits, hash: testHash)
            labels = try LabelDecoder(schema: testSchema, mapping: LabelMapping(), limits: Self.limits, hash: testHash)
            controls = try ControlDecoder(limits: Self.limits, hash: testHash)
        } catch {
            fatalError("the default mapping is refused: \(error)")
        }
    }

    func decision(_ bytes: UnsafeBufferPointer<UInt8>) {
        let batch = DecisionBatch(schema: testSchema, partition: 0)
        let rejection = decisions.decode(UnsafeRawBufferPointer(bytes), offset: 0, into: batch)
        precondition(isConsistent(batch) && batch.count == (rejection == nil ? 1 : 0), "half a row: \(String(describing: rejection))")
        let expected = try? reference.decode(Array(bytes))
        precondition((expected == nil) == (rejection != nil), "the reference disagrees: \(String(describing: rejection))")
        if let expected { precondition(row(batch, 0) == expected, "other values: \(row(batch, 0)) instead of \(expected)") }
    }

    func label(_ bytes: UnsafeBufferPointer<UInt8>) {
        let batch = LabelBatch(partition: 0)
        let rejection = labels.decode(UnsafeRawBufferPointer(bytes), offset: 0, into: batch)
        let sizes = [
            batch.offset.count, batch.requestID.count, batch.requestText.count, batch.outcome.count, batch.kind.count,
            batch.pipeline.count, batch.actor.count, batch.conditions.count, batch.decisionTime.count, batch.samplingWeight.count,
        ]
        precondition(sizes.allSatisfy { $0 == (rejection == nil ? 1 : 0) }, "half a row: \(String(describing: rejection))")
    }

    func control(_ bytes: UnsafeBufferPointer<UInt8>) {
        let batch = ControlBatch(partition: 0)
        let rejection = controls.decode(UnsafeRawBufferPointer(bytes), offset: 0, into: batch)
        precondition(batch.count == (rejection == nil ? 1 : 0) && batch.offset.count == batch.count, "half a row: \(String(describing: rejection))")
    }
}
