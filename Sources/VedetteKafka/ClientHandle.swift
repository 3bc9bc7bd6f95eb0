import CRdKafka
import Dispatch
import Logging

/// What librdkafka's callbacks get back as their opaque pointer. Lives until the handle is destroyed.
///
/// `@unchecked Sendable`: `logger` and `health` may be used from any thread (the log and broker-state
/// callbacks come from librdkafka's threads); subclasses' mutable state is touched only by callbacks
/// that librdkafka runs inside poll, flush or close, which is the owner's thread.
class ClientContext: @unchecked Sendable {
    let logger: Logger
    let health = ClientHealth()

    init(logger: Logger) { self.logger = logger }
}

/// One `rd_kafka_t`: made, owned and destroyed here.
///
/// `@unchecked Sendable`: librdkafka's functions are thread-safe, and `destroy` is called once, by the owner.
final class ClientHandle: @unchecked Sendable {
    /// Longest wait for librdkafka's threads at destruction. librdkafka before 2.1 can wait forever for a
    /// reference to a partition of a deleted topic (#4187); the process must still be able to stop.
    static let destroyTimeoutMs = 10_000

    let rk: OpaquePointer
    private let context: ClientContext
    private var isDestroyed = false

    /// - Throws: `KafkaError` for bad properties or when librdkafka refuses the combination.
    init(
        _ type: rd_kafka_type_t, properties: KafkaProperties, context: ClientContext, requiresBrokers: Bool = true,
        configure: (OpaquePointer) -> Void = { _ in }
    ) throws(KafkaError) {
        if requiresBrokers, (properties["bootstrap.servers"] ?? properties["metadata.broker.list"] ?? "").isEmpty {
            throw KafkaError(
                code: .invalidArgument, message: "bootstrap.servers is not set", operation: "create client")
        }
        let configuration = try properties.makeConfiguration()
        let retained = Unmanaged.passRetained(context)
        rd_kafka_conf_set_opaque(configuration, retained.toOpaque())
        rd_kafka_conf_set_log_cb(configuration, onLog)
        rd_kafka_conf_set_error_cb(configuration, onError)
        rd_kafka_conf_interceptor_add_on_new(configuration, interceptorName, onNew, retained.toOpaque())
        configure(configuration)

        var created: OpaquePointer?
        let reason = withErrorText { buffer, size in
            created = rd_kafka_new(type, configuration, buffer, size)
        }
        guard let created else {
            // The configuration is left unfreed: librdkafka has already freed the interceptors in it, and
            // freeing it would do so again. A few kilobytes, once, on the way out.
            retained.release()
            throw KafkaError(code: .invalidArgument, message: reason, operation: "create client")
        }
        rk = created
        self.context = context
    }

    deinit { destroy() }

    /// Stops librdkafka's threads and frees everything; waits for at most `destroyTimeoutMs`.
    func destroy() {
        guard !isDestroyed else { return }
        isDestroyed = true
        let doomed = Doomed(rk: rk, context: Unmanaged.passUnretained(context))
        let done = DispatchSemaphore(value: 0)
        DispatchQueue.global().async {
            // The consumer is closed by its owner before; without the flag librdkafka would close it once more.
            rd_kafka_destroy_flags(doomed.rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
            // Balances passRetained in init: no callback can come any more.
            doomed.context.release()
            done.signal()
        }
        if done.wait(timeout: .now() + .milliseconds(Self.destroyTimeoutMs)) == .timedOut {
            context.logger.warning(
                "kafka client did not stop in time and is left behind", metadata: ["timeout_ms": "\(Self.destroyTimeoutMs)"])
        }
    }

    /// Gives up the handle without freeing it: for the case where librdkafka would crash.
    func abandon() { isDestroyed = true }

    /// `@unchecked Sendable`: used by the destroying block alone.
    private struct Doomed: @unchecked Sendable {
        let rk: OpaquePointer
        let context: Unmanaged<ClientContext>
    }
}

private let interceptorName = "vedette"

/// Safe: the opaque pointer is the context retained by the handle's init.
func clientContext<Context: ClientContext>(_ opaque: UnsafeMutableRawPointer?, as: Context.Type = Context.self) -> Context? {
    opaque.flatMap { Unmanaged<ClientContext>.fromOpaque($0).takeUnretainedValue() as? Context }
}

/// `rd_kafka_t` first, as in all of librdkafka's callbacks. From any thread.
private func onLog(
    rk: OpaquePointer?, level: Int32, facility: UnsafePointer<CChar>?, text: UnsafePointer<CChar>?
) {
    guard let rk, let text, let context = clientContext(rd_kafka_opaque(rk)) else { return }
    context.logger.log(
        level: Logger.Level(syslog: level), "\(String(cString: text))",
        metadata: [
            "client": "\(rd_kafka_name(rk).map { String(cString: $0) } ?? "")",
            "facility": "\(facility.map { String(cString: $0) } ?? "")",
            "syslog_level": "\(level)",
        ])
}

private func onError(rk: OpaquePointer?, code: Int32, reason: UnsafePointer<CChar>?, opaque: UnsafeMutableRawPointer?) {
    guard let context = clientContext(opaque) else { return }
    let detail = reason.map { String(cString: $0) }
    if let rk, code == RD_KAFKA_RESP_ERR__FATAL.rawValue, let error = raisedFatalError(of: rk, operation: "kafka client") {
        return context.health.record(error)
    }
    context.health.record(KafkaError(rd_kafka_resp_err_t(code), operation: "kafka client", detail: detail))
}

/// The error behind librdkafka's `_FATAL`, or nil if none was raised.
func raisedFatalError(of rk: OpaquePointer, operation: String) -> KafkaError? {
    var code = RD_KAFKA_RESP_ERR_NO_ERROR
    let reason = withErrorText { buffer, size in code = rd_kafka_fatal_error(rk, buffer, size) }
    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
    return KafkaError(code: KafkaErrorCode(code), message: reason, operation: operation, isFatal: true)
}

private func onNew(
    rk: OpaquePointer?, configuration: OpaquePointer?, opaque: UnsafeMutableRawPointer?,
    text: UnsafeMutablePointer<CChar>?, size: Int
) -> rd_kafka_resp_err_t {
    rd_kafka_interceptor_add_on_broker_state_change(rk, interceptorName, onBrokerState, opaque)
}

/// From a broker thread.
private func onBrokerState(
    rk: OpaquePointer?, id: Int32, protocolName: UnsafePointer<CChar>?, host: UnsafePointer<CChar>?, port: Int32,
    state: UnsafePointer<CChar>?, opaque: UnsafeMutableRawPointer?
) -> rd_kafka_resp_err_t {
    if let context = clientContext(opaque), let host, let state {
        // Not by id: a bootstrap broker gets its id only once it has answered.
        context.health.brokerChanged("\(String(cString: host)):\(port)", toState: String(cString: state))
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR
}

extension Logger.Level {
    /// librdkafka logs with syslog's levels, 0 (emergency) to 7 (debug).
    init(syslog level: Int32) {
        switch level {
        case ...2: self = .critical
        case 3: self = .error
        case 4: self = .warning
        case 5: self = .notice
        case 6: self = .info
        default: self = .debug
        }
    }
}
