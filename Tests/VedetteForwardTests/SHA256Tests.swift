import Testing
import VedetteForward

/// Examples of FIPS 180-4 and RFC 4231, and lengths around the block's; the values are Python's hashlib's.
@Suite struct SHA256Tests {
    private func hex(_ bytes: [UInt8]) -> String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
        (String(repeating: "a", count: 55), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
        (String(repeating: "a", count: 56), "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
        (String(repeating: "a", count: 64), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
        (String(repeating: "a", count: 1000), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"),
    ])
    func hash(_ message: String, _ wanted: String) { #expect(hex(SHA256.hash(Array(message.utf8))) == wanted) }

    /// Message and key as a byte and how often, or as text.
    @Test(arguments: [
        (Array("Hi There".utf8), [UInt8](repeating: 0x0B, count: 20), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (Array("what do ya want for nothing?".utf8), Array("Jefe".utf8), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ([UInt8](repeating: 0xDD, count: 50), [UInt8](repeating: 0xAA, count: 20), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (
            Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8), [UInt8](repeating: 0xAA, count: 131),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        ([UInt8](repeating: 0x00, count: 1), [UInt8](repeating: 0xAA, count: 64), "ad2fe4f81e1ee83232b7a90e2f0229e4a36003b637b5a8f9fc488e3061e188bb"),
        ([UInt8](repeating: 0x00, count: 1), [UInt8](repeating: 0xAA, count: 65), "dc4ebec1dc0bb0f471f8c680513f8208f14ed1dc63669f36eab8e9c2a763ec1b"),
    ])
    func hmac(_ message: [UInt8], _ key: [UInt8], _ wanted: String) { #expect(hex(SHA256.hmac(message, key: key)) == wanted) }
}
