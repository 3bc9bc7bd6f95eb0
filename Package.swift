// swift-tools-version: 6.2
import PackageDescription

/// `make fuzz`: every Swift target counts its branches for libFuzzer, which brings its own `main`.
let fuzzing = Context.environment["VEDETTE_FUZZ"] != nil

/// Instructions of processors made since 2013 to 2015, on which replays (linked statically as well) cost 4 to 11 % less. `VEDETTE_ANY_PROCESSOR=1` builds for all.
/// A build for the newer ones says so where it can not run.
#if arch(x86_64)
let isForNewProcessors = Context.environment["VEDETTE_ANY_PROCESSOR"] == nil
#else
let isForNewProcessors = false
#endif

/// Every Swift target: Swift 6 language mode, warnings are errors.
///
/// Release builds leave out the dynamic exclusivity checks: a fifth of all instructions of a
/// replay. `VEDETTE_CHECKED=1` keeps them; the tests pass with and without.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
] + (Context.environment["VEDETTE_CHECKED"] == nil
    ? [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))] : [])
    + (isForNewProcessors ? [.unsafeFlags(["-Xcc", "-march=x86-64-v3"], .when(configuration: .release))] : [])
    + (fuzzing ? [.unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"])] : [])

let fuzzer: [Target] = fuzzing ? [
    .executableTarget(
        name: "vedette-fuzz", dependencies: ["CodecReference", "VedetteCore", "VedetteCodec"], path: "Tests/Fuzzing", exclude: ["Seeds"],
        swiftSettings: strict, linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])])
] : []

let package = Package(
    name: "vedette",
    products: [.executable(name: "vedette", targets: ["vedette"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C doors: a module map and a shim each, imported by exactly one target.
        .systemLibrary(name: "CRdKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CRocksDB", linkerSettings: [.linkedLibrary("rocksdb")]),
        .target(name: "CSimdjson", linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "CProcessor", cSettings: isForNewProcessors ? [.define("VEDETTE_X86_64_V3", .when(configuration: .release))] : []),

        // The domain. No I/O, no wall clock.
        .target(
            name: "VedetteCore",
            dependencies: ["CProcessor", .product(name: "HeapModule", package: "swift-collections"), .product(name: "DequeModule", package: "swift-collections")],
            swiftSettings: strict),

        // Wrappers around the doors.
        .target(name: "VedetteCodec", dependencies: ["VedetteCore", "CSimdjson", "CZstd", "CZlib"], swiftSettings: strict),
        .target(name: "VedetteStore", dependencies: ["CRocksDB"], swiftSettings: strict),
        .target(name: "VedetteKafka", dependencies: ["CRdKafka", .product(name: "Logging", package: "swift-log")], swiftSettings: strict),

        // What ties them together, and what a person sees.
        .target(
            name: "VedetteRuntime",
            dependencies: [
                "VedetteCore", "VedetteCodec", "VedetteStore", "VedetteKafka", "CCurl", "Yams", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "VedetteForward",
            dependencies: [
                "VedetteCodec", "VedetteKafka", "VedetteRuntime", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "VedetteWeb",
            dependencies: [
                "VedetteForward", "VedetteRuntime", .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "vedette",
            dependencies: [
                "VedetteCore", "VedetteCodec", "VedetteKafka", "VedetteStore", "VedetteRuntime", "VedetteForward", "VedetteWeb",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "vedette-bench",
            dependencies: ["CodecReference", "VedetteCore", "VedetteCodec", "VedetteStore", "VedetteKafka", "VedetteRuntime", .product(name: "Logging", package: "swift-log")],
            path: "Tests/Benchmarks", swiftSettings: strict),

        .executableTarget(
            name: "vedette-measure", dependencies: ["VedetteCore", "VedetteCodec", "VedetteRuntime"], path: "Tests/Measurements", swiftSettings: strict),
        .executableTarget(
            name: "vedette-eval", dependencies: ["VedetteCore", "VedetteCodec", "VedetteRuntime"], path: "Tests/Evaluation", swiftSettings: strict),

        .testTarget(name: "VedetteCoreTests", dependencies: ["VedetteCore"], resources: [.copy("Fixtures")], swiftSettings: strict),
        // A decoder that shares no code with ours, for its tests and the fuzzer.
        .target(name: "CodecReference", dependencies: ["VedetteCore", "VedetteCodec"], path: "Tests/VedetteCodecTests/Reference", swiftSettings: strict),
        .testTarget(
            name: "VedetteCodecTests", dependencies: ["CodecReference", "VedetteCodec"], exclude: ["Reference"], resources: [.copy("Corpus"), .copy("FormatFixtures")],
            swiftSettings: strict),
        .testTarget(name: "VedetteStoreTests", dependencies: ["VedetteStore"], swiftSettings: strict),
        .testTarget(name: "VedetteKafkaTests", dependencies: ["VedetteKafka"], swiftSettings: strict),
        // What the equivalence and crash tests share.
        .target(name: "Driving", dependencies: ["VedetteCore", "VedetteCodec", "VedetteRuntime"], path: "Tests/Equivalence/Driving", swiftSettings: strict),
        .testTarget(
            name: "EquivalenceTests", dependencies: ["Driving", "VedetteCore", "VedetteCodec", "VedetteRuntime"],
            path: "Tests/Equivalence", exclude: ["Driving"], swiftSettings: strict),
        .testTarget(name: "CrashTests", dependencies: ["Driving", "VedetteCore", "VedetteCodec", "VedetteRuntime"], path: "Tests/Crash", swiftSettings: strict),
        .testTarget(
            name: "VedetteForwardTests", dependencies: ["VedetteForward", "VedetteCore", "VedetteCodec", "VedetteKafka", "VedetteRuntime"], swiftSettings: strict),
        .testTarget(
            name: "IntegrationTests", dependencies: ["CodecReference", "VedetteCore", "VedetteCodec", "VedetteKafka", "VedetteRuntime", "VedetteForward"],
            path: "Tests/Integration", swiftSettings: strict),
        .testTarget(
            name: "VedetteRuntimeTests", dependencies: ["VedetteRuntime", "VedetteCore", "VedetteCodec", "VedetteKafka"],
            exclude: ["Expected/make_real_statistics.py", "Expected/statistics.json"], swiftSettings: strict),
    ] + fuzzer,
    cxxLanguageStandard: .cxx17
)
