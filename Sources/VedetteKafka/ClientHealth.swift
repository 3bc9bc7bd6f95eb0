import CRdKafka
import Synchronization

/// What a client knows about its connection to the cluster, for readiness checks. May be read from any thread.
public final class ClientHealth: Sendable {
    private struct State {
        var brokersUp: Set<String> = []
        var brokersTried: Set<String> = []
        var attemptFailed = false
        var lastError: KafkaError?
        var fatalError: KafkaError?
    }

    private let state = Mutex(State())

    init() {}

    /// No connection is up, and an attempt to make one has failed since the last was.
    ///
    /// Made of broker states, not of librdkafka's own "all brokers down", which it does not report while it
    /// knows of a group coordinator that it has had no reason to connect to. Connections that are merely idle
    /// do not count as down.
    public var isAllBrokersDown: Bool { state.withLock { $0.attemptFailed && $0.brokersUp.isEmpty } }

    /// The newest error that was not tied to one call, for example a refused connection; nil once a broker is back.
    public var lastError: KafkaError? { state.withLock { $0.lastError } }

    /// The error that made this client unusable, if any.
    public var fatalError: KafkaError? { state.withLock { $0.fatalError } }

    func record(_ error: KafkaError) {
        state.withLock {
            if error.isFatal, $0.fatalError == nil { $0.fatalError = error }
            $0.lastError = error
        }
    }

    /// - Parameter name: librdkafka's name of the new state.
    func brokerChanged(_ broker: String, toState name: String) {
        state.withLock {
            switch name {
            case "UP", "UPDATE":
                $0.brokersUp.insert(broker)
                $0.brokersTried.remove(broker)
                $0.attemptFailed = false
                $0.lastError = nil
            case "INIT":
                break
            case "DOWN":
                $0.brokersUp.remove(broker)
                if $0.brokersTried.remove(broker) != nil { $0.attemptFailed = true }
            default:
                // One of the steps of connecting.
                $0.brokersUp.remove(broker)
                $0.brokersTried.insert(broker)
            }
        }
    }
}
