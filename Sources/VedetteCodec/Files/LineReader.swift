#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Reads lines from a plain, .zst or .gz file or from standard input, in bounded memory.
///
/// The format is found by the first bytes, not by the name. Lines end with LF or CR LF; the
/// last line of a complete file needs no end. Empty lines are counted and skipped. A byte
/// order mark in front of the file is skipped. Memory: one line of the limit, two buffers of
/// 256 KiB, and the decompressor. For one thread at a time.
public final class LineReader {
    /// One line, without its end.
    public struct Line {
        public enum Kind: Sendable { case complete, oversized, truncated }

        /// Whether this is a whole line. `oversized`: longer than the limit. `truncated`: the
        /// compressed data ends or breaks off in the middle of it, and ``LineReader/next()``
        /// throws next.
        public var kind: Kind
        /// The line; its first `prefixBytes` where it is not complete. Valid until the next call.
        public var bytes: UnsafeRawBufferPointer
        /// 0-based, empty lines included.
        public var number: Int64
        /// Where the line begins, in bytes of the decompressed file.
        public var byteOffset: Int64
        /// Length of the whole line in bytes, as far as it was there.
        public var length: Int64
    }

    public let path: String
    public var compression: Compression { source.compression }
    /// Size of the file as it is stored, in bytes; nil where there is none, as for a pipe.
    public var totalBytes: Int64? { source.totalBytes }
    /// Stored (compressed) bytes taken so far, for progress; read-ahead of at most two buffers included.
    public var consumedBytes: Int64 { source.consumedBytes }
    /// Empty lines skipped so far.
    public private(set) var emptyLines: Int64 = 0

    private let source: ByteSource
    private let lineLimit: Int
    private let prefixBytes: Int
    private let buffer: UnsafeMutableRawBufferPointer
    private let prefix: UnsafeMutableRawBufferPointer
    /// The unread part of the buffer, and how far it is known to have no line end.
    private var start = 0
    private var end = 0
    private var scanned = 0
    private var number: Int64 = 0
    /// Offset of `buffer[start]` in the decompressed file.
    private var offset: Int64 = 0
    /// Of the line that is being dropped for its length: bytes so far, and the last of them.
    private var dropped: Int64?
    private var lastDropped: UInt8 = 0
    private var prefixCount = 0
    private var isAtEnd = false
    private var failure: FileError?

    private static let chunk = 256 << 10

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - path: `-` for standard input.
    ///   - lineLimit: longest line that is held, in bytes without its end; at least 1.
    ///   - prefixBytes: how much of a longer or truncated line is kept for its dead letter.
    public init(path: String, lineLimit: Int, prefixBytes: Int) throws(FileError) {
        self.path = path
        self.lineLimit = max(1, lineLimit)
        self.prefixBytes = max(0, prefixBytes)
        source = try ByteSource(path: path)
        // Two more than the limit: a line of the limit may still be followed by CR LF.
        buffer = .allocate(byteCount: self.lineLimit + 2 + Self.chunk, alignment: 64)
        prefix = .allocate(byteCount: max(1, min(self.prefixBytes, self.lineLimit + 2)), alignment: 64)
    }

    /// Opens a file with the limits that records have.
    public convenience init(path: String, limits: DecodeLimits) throws(FileError) {
        try self.init(path: path, lineLimit: limits.recordBytes, prefixBytes: limits.deadLetterBytes)
    }

    deinit {
        buffer.deallocate()
        prefix.deallocate()
    }

    /// The next line, or nil at the end of a complete file.
    ///
    /// - Throws: ``FileError`` where the file cannot be read on; again at each later call.
    /// - Complexity: O(bytes of the line), amortised.
    public func next() throws(FileError) -> Line? {
        while true {
            if let newline = findNewline() {
                if let line = finishLine(at: newline) { return line }
                continue
            }
            if isAtEnd { return try last() }
            dropIfTooLong()
            fill()
        }
    }

    /// Index of the next line end in the buffer.
    private func findNewline() -> Int? {
        // Safe: `scanned...end` is inside of the buffer and filled.
        guard scanned < end, let base = buffer.baseAddress, let found = memchr(base + scanned, 0x0A, end - scanned) else {
            scanned = end
            return nil
        }
        return UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }

    /// Takes the line that ends at `newline`; nil if it is empty.
    @inline(__always)
    private func finishLine(at newline: Int) -> Line? {
        if dropped != nil { return finishDropped(at: newline) }
        var length = newline - start
        if length > 0, buffer[newline - 1] == 0x0D { length -= 1 }
        return take(length, consuming: newline + 1 - start)
    }

    /// The line of this length at `start`.
    @inline(__always)
    private func take(_ fullLength: Int, consuming: Int) -> Line? {
        var first = start
        var length = fullLength
        if number == 0, length >= 3, buffer[first] == 0xEF, buffer[first + 1] == 0xBB, buffer[first + 2] == 0xBF {
            first += 3
            length -= 3
        }
        let isOversized = length > lineLimit
        let kept = isOversized ? min(length, prefixBytes) : length
        let line = Line(
            kind: isOversized ? .oversized : .complete, bytes: UnsafeRawBufferPointer(rebasing: buffer[first..<first + kept]),
            number: number, byteOffset: offset + Int64(first - start), length: Int64(length))
        number += 1
        start += consuming
        scanned = start
        offset += Int64(consuming)
        guard length > 0 else {
            emptyLines += 1
            return nil
        }
        return line
    }

    // MARK: Lines above the limit

    /// Lets go of a line that is certainly above the limit, but for its beginning.
    private func dropIfTooLong() {
        let length = end - start
        guard length > 0, dropped != nil || length > lineLimit + 1 + (number == 0 ? 3 : 0) else { return }
        if dropped == nil {
            prefixCount = min(prefixBytes, length, prefix.count)
            if prefixCount > 0 { prefix.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<start + prefixCount])) }
        }
        dropped = (dropped ?? 0) + Int64(length)
        lastDropped = buffer[end - 1]
        start = 0
        end = 0
        scanned = 0
    }

    private func finishDropped(at newline: Int) -> Line {
        let more = newline - start
        let lastByte = more > 0 ? buffer[newline - 1] : lastDropped
        let total = (dropped ?? 0) + Int64(more)
        let line = droppedLine(.oversized, length: lastByte == 0x0D ? total - 1 : total)
        number += 1
        offset += total + 1
        start = newline + 1
        scanned = start
        dropped = nil
        return line
    }

    private func droppedLine(_ kind: Line.Kind, length: Int64) -> Line {
        Line(
            kind: kind, bytes: UnsafeRawBufferPointer(rebasing: prefix[..<prefixCount]), number: number, byteOffset: offset,
            length: length)
    }

    // MARK: Input

    /// Reads on. An error is kept until the lines before it are out.
    private func fill() {
        if start == end {
            start = 0
            end = 0
            scanned = 0
        } else if buffer.count - end < Self.chunk, start > 0 {
            // Safe: `copyMemory` allows overlap.
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
            end -= start
            scanned -= start
            start = 0
        }
        do throws(FileError) {
            let room = min(Self.chunk, buffer.count - end)
            let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end..<end + room]))
            end += count
            if count == 0 { isAtEnd = true }
        } catch {
            failure = error
            isAtEnd = true
        }
    }

    /// What is left when there is no more line end: a last line without one, a truncated line, the error, or nothing.
    private func last() throws(FileError) -> Line? {
        let length = end - start
        guard let failure else {
            if let total = dropped {
                dropped = nil
                defer { number += 1 }
                return droppedLine(.oversized, length: total + Int64(length))
            }
            return length == 0 ? nil : take(length, consuming: length)
        }
        if dropped == nil, length == 0 { throw failure }
        let line: Line
        if let total = dropped {
            line = droppedLine(.truncated, length: total + Int64(length))
        } else {
            line = Line(
                kind: .truncated, bytes: UnsafeRawBufferPointer(rebasing: buffer[start..<start + min(length, prefixBytes)]),
                number: number, byteOffset: offset, length: Int64(length))
        }
        dropped = nil
        start = end
        number += 1
        return line
    }
}
