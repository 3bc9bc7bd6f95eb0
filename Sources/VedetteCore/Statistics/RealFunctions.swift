#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The one door to the C library's real functions, so that no other file imports a platform.
///
/// Their last bits may differ between C libraries: fit for statistics, never for keys or state.
public enum RealFunctions {
    public static func log(_ x: Double) -> Double { _log(x) }
    public static func log1p(_ x: Double) -> Double { _log1p(x) }
    public static func exp(_ x: Double) -> Double { _exp(x) }
    public static func expm1(_ x: Double) -> Double { _expm1(x) }
    public static func pow(_ x: Double, _ y: Double) -> Double { _pow(x, y) }
    public static func sin(_ x: Double) -> Double { _sin(x) }
    public static func asin(_ x: Double) -> Double { _asin(x) }
    /// The complementary error function, to the last bits also far out.
    public static func erfc(_ x: Double) -> Double { _erfc(x) }

    /// ln |Γ(x)|, thread-safe.
    public static func logGamma(_ x: Double) -> Double {
        var sign: Int32 = 0
        return lgamma_r(x, &sign)
    }
}

// Outside of the enum the names mean the C functions.
private func _log(_ x: Double) -> Double { log(x) }
private func _log1p(_ x: Double) -> Double { log1p(x) }
private func _exp(_ x: Double) -> Double { exp(x) }
private func _expm1(_ x: Double) -> Double { expm1(x) }
private func _pow(_ x: Double, _ y: Double) -> Double { pow(x, y) }
private func _sin(_ x: Double) -> Double { sin(x) }
private func _asin(_ x: Double) -> Double { asin(x) }
private func _erfc(_ x: Double) -> Double { erfc(x) }
