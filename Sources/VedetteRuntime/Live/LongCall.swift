import Dispatch
import Synchronization

/// Tells, from beside it, of a call that holds its thread for long.
///
/// Not every wait in librdkafka ends when it was told to: offsets are sent to a transaction for as long as the coordinator's
/// connection stands, up to `socket.timeout.ms` for each of two requests.
final class LongCall: Sendable {
    /// A call that ends before is not told of.
    static let afterSeconds = 10
    static let everySeconds = 1

    private struct State {
        var hasEnded = false
        var hasTold = false
    }

    private let state = Mutex(State())
    private let tell: @Sendable (_ seconds: Int) -> Void

    /// The call begins now.
    ///
    /// - Parameter tell: what is done while it lasts, again and again, on another thread; never after ``end()``.
    init(_ tell: @escaping @Sendable (_ seconds: Int) -> Void) {
        self.tell = tell
        look(in: Self.afterSeconds, at: Self.afterSeconds)
    }

    /// - Returns: whether it was told of.
    func end() -> Bool {
        state.withLock {
            $0.hasEnded = true
            return $0.hasTold
        }
    }

    private func look(in seconds: Int, at age: Int) {
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds)) { [weak self] in
            guard let self else { return }
            let lasts = state.withLock {
                guard !$0.hasEnded else { return false }
                $0.hasTold = true
                tell(age)
                return true
            }
            if lasts { look(in: Self.everySeconds, at: age + Self.everySeconds) }
        }
    }
}
