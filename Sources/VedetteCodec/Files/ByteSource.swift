/// The bytes of a plain, zstd or gzip file, or of standard input, decompressed.
///
/// Memory: one input buffer, and what the decompressor needs (at most 128 MiB for zstd's
/// largest window, 8 MiB for usual files, 32 KiB for gzip).
final class ByteSource {
    let path: String
    let compression: Compression
    /// Size of the file as it is stored; nil for pipes.
    let totalBytes: Int64?
    /// Stored bytes that have been taken, decompressed or not.
    private(set) var consumedBytes: Int64 = 0

    private let file: OpenFile
    private let decompressor: Decompressor?
    private let memory: ByteBuffer
    /// The memory's bytes.
    private let input: UnsafeMutableRawBufferPointer
    private var inputStart = 0
    private var inputEnd = 0
    private var isInputAtEnd = false

    private static let inputCapacity = 256 << 10

    init(path: String) throws(FileError) {
        self.path = path
        file = try OpenFile.reading(path)
        totalBytes = file.regularSize
        memory = ByteBuffer(capacity: Self.inputCapacity)
        input = memory.bytes
        // Four bytes tell the format; a pipe may hand them over one at a time.
        while inputEnd < 4, !isInputAtEnd {
            let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: input[inputEnd...]))
            isInputAtEnd = count == 0
            inputEnd += count
        }
        let found = Compression(magic: UnsafeRawBufferPointer(rebasing: input[..<inputEnd]))
        let named = Compression(suffixOf: path)
        guard named == .none || found != .none else {
            throw FileError(
                path: path, what: inputEnd == 0 ? "named as \(named) but empty" : "named as \(named) but its content is not \(named)",
                remedy: "fetch or compress the file again, or rename it if it is not compressed")
        }
        compression = found
        do throws(DecompressionFailure) {
            decompressor =
                switch found {
                case .none: nil
                case .zstd: try ZstdDecompressor()
                case .gzip: try GzipDecompressor()
                }
        } catch {
            throw FileError(path: path, what: error.what, remedy: error.remedy)
        }
    }

    /// Fills the front of `output`, which is not empty; returns how much, 0 at the end.
    ///
    /// - Throws: ``FileError``; everything decompressed before the bad place has been handed out by then.
    func read(into output: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        guard let decompressor else { return try readPlain(into: output) }
        while true {
            let rest = UnsafeRawBufferPointer(rebasing: input[inputStart..<inputEnd])
            let taken: Int, made: Int
            do throws(DecompressionFailure) {
                (taken, made) = try decompressor.decompress(rest, into: output)
            } catch {
                throw FileError(path: path, what: "\(error.what), at or after byte \(consumedBytes)", remedy: error.remedy)
            }
            inputStart += taken
            consumedBytes += Int64(taken)
            if made > 0 { return made }
            if taken > 0 { continue }
            if isInputAtEnd {
                guard decompressor.isAtBoundary else { throw truncated }
                return 0
            }
            try refill()
        }
    }

    private var truncated: FileError {
        FileError(
            path: path, what: "the \(compression) data ends in the middle, at byte \(consumedBytes)",
            remedy: "the file was cut off; fetch it again, or wait until its writer has closed it")
    }

    private func readPlain(into output: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        var count = min(output.count, inputEnd - inputStart)
        if count > 0 {
            output.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[inputStart..<inputStart + count]))
            inputStart += count
        } else if !isInputAtEnd {
            count = try file.read(into: output)
            if count == 0 { isInputAtEnd = true }
        }
        consumedBytes += Int64(count)
        return count
    }

    /// Reads on. What the decompressor has not taken is kept in front.
    private func refill() throws(FileError) {
        let rest = inputEnd - inputStart
        if rest > 0, inputStart > 0 { input.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[inputStart..<inputEnd])) }
        inputStart = 0
        inputEnd = rest
        guard rest < input.count else {
            throw FileError(path: path, what: "the decompressor takes no more input at byte \(consumedBytes)", remedy: "fetch the file again")
        }
        let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: input[rest...]))
        if count == 0 { isInputAtEnd = true }
        inputEnd += count
    }
}

/// The one owner of a piece of memory.
final class ByteBuffer {
    let bytes: UnsafeMutableRawBufferPointer

    init(capacity: Int) { bytes = .allocate(byteCount: capacity, alignment: 64) }

    deinit { bytes.deallocate() }
}
