/// A window that metrics are computed over: half-open, aligned to the epoch plus an offset.
///
/// `hopMs == sizeMs` is a tumbling window, a smaller hop a hopping one. Window `k` covers
/// `[offset + k*hop, offset + k*hop + size)`.
public struct WindowSpec: Sendable, Equatable {
    public var name: String
    public var sizeMs: Int64
    public var hopMs: Int64
    /// In `0 ..< hopMs`; 4 days makes weeks start on Monday (the epoch was a Thursday).
    public var offsetMs: Int64

    public init(name: String, sizeMs: Int64, hopMs: Int64, offsetMs: Int64 = 0) {
        self.name = name
        self.sizeMs = sizeMs
        self.hopMs = hopMs
        self.offsetMs = offsetMs
    }

    /// Start of the first window that contains `time`.
    public func firstStart(containing time: Int64) -> Int64 {
        floorDivide(time - sizeMs - offsetMs, hopMs) * hopMs + hopMs + offsetMs
    }
}

/// Division rounding towards negative infinity, so that windows align before 1970 too.
@inlinable
public func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    let quotient = a / b
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient
}

/// Start of the bucket of length `size` (aligned to the epoch) that holds `time`.
@inlinable
public func alignDown(_ time: Int64, to size: Int64) -> Int64 { floorDivide(time, size) * size }
