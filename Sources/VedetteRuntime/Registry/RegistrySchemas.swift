import Foundation
import Logging
import VedetteCodec

/// Avro schemas from a registry, by id. For one thread.
///
/// An id means one schema for ever, so what was found is kept: a record decodes to the same values live, after a
/// restart and in a replay. A registry that can not be asked is waited for as brokers are; no record is refused because
/// of it. That an id is not there is the registry's word, and is believed for ``missingSeconds``.
package final class RegistrySchemas: SchemaSource {
    /// Schemas that are kept at most are twice as many: when so many have been asked for, those that were not asked for
    /// since the last time are forgotten.
    static let generation = 512
    static let missingSeconds = 30.0
    /// Pauses between tries, seconds: doubled up to the last.
    static let backoffSeconds = 0.25...10.0
    private static let waitStepSeconds = 0.05

    private struct Known {
        var answer: SchemaAnswer
        var until = Double.infinity
    }

    private let client: RegistryClient
    private let patience: Double
    private let logger: Logger
    private var newer: [UInt32: Known] = [:]
    private var older: [UInt32: Known] = [:]
    /// Looked at while waiting: true gives up.
    package var isStopping: () -> Bool = { false }
    /// Told why, again and again, while it waits; nil when that is over.
    package var onWaiting: (String?) -> Void = { _ in }
    /// How many schemas the registry was asked for.
    package private(set) var lookups = 0
    /// Why a schema was not waited for; from then on none is.
    package private(set) var failure: (any Error)?

    package init(_ client: RegistryClient, patience: Double, logger: Logger) {
        self.client = client
        self.patience = patience
        self.logger = logger
    }

    package func find(_ id: UInt32) -> SchemaAnswer {
        // Registries count in 32 bits with a sign, and of anything beyond they do not say that they do not have it.
        guard id <= UInt32(Int32.max) else { return .unusable("no registry has a schema \(id)") }
        if let known = newer[id] ?? older[id], known.until > monotonicSeconds() {
            if newer[id] == nil { keep(known, id) }
            return known.answer
        }
        guard failure == nil, let known = ask(id) else { return .interrupted }
        keep(known, id)
        return known.answer
    }

    private func keep(_ known: Known, _ id: UInt32) {
        if newer.count >= Self.generation { (older, newer) = (newer, [:]) }
        newer[id] = known
    }

    /// Nil where the wait was given up.
    private func ask(_ id: UInt32) -> Known? {
        let began = monotonicSeconds()
        var pause = Self.backoffSeconds.lowerBound
        lookups += 1
        defer { onWaiting(nil) }
        while true {
            switch RegistryLookup(client).find(id) {
            case .known(let answer, let isLasting): return Known(answer: answer, until: isLasting ? .infinity : monotonicSeconds() + Self.missingSeconds)
            case .failed(let why):
                if monotonicSeconds() - began >= patience {
                    failure = SetupError(
                        what: "the schema registry \(client.url) does not give schema \(id): \(why)", remedy: "see whether it answers; `vedette check --brokers` asks it")
                    return nil
                }
                logger.warning("waiting for the schema registry", metadata: ["schema": "\(id)", "error": "\(why)", "pause_s": "\(pause)"])
                guard wait(pause, because: "schema \(id): \(why)") else { return nil }
                pause = min(pause * 2, Self.backoffSeconds.upperBound)
            }
        }
    }

    private func wait(_ seconds: Double, because reason: String) -> Bool {
        let end = monotonicSeconds() + seconds
        while monotonicSeconds() < end {
            if isStopping() {
                failure = CancellationError()
                return false
            }
            onWaiting(reason)
            Thread.sleep(forTimeInterval: Self.waitStepSeconds)
        }
        return true
    }
}

/// Finds one schema and what it refers to.
struct RegistryLookup {
    enum Found {
        /// - Parameter isLasting: it is so for ever.
        case known(SchemaAnswer, isLasting: Bool)
        case failed(String)
    }

    /// Schemas that one refers to at most, directly or not.
    static let maxReferences = 64

    private let client: RegistryClient
    private var references: [[UInt8]] = []
    private var seen: Set<String> = []

    init(_ client: RegistryClient) { self.client = client }

    func find(_ id: UInt32) -> Found {
        var lookup = self
        return lookup.compile(client.schema(id), "schema \(id)")
    }

    /// The newest schema of a subject.
    func newest(of subject: String) -> Found {
        var lookup = self
        return lookup.compile(client.version("latest", of: subject), "the newest schema of \(subject)")
    }

    private mutating func compile(_ answer: RegistryClient.Answer, _ name: String) -> Found {
        switch answer {
        case .failed(let why): return .failed(why)
        case .missing: return .known(.unusable("the registry does not have \(name)"), isLasting: false)
        case .oversized: return .known(.unusable("\(name) is longer than \(JSONDocument.maxBytes) bytes"), isLasting: true)
        case .found(let document):
            let type = document.string("schemaType", of: document.root) ?? "AVRO"
            guard type == "AVRO" else { return .known(.unusable("\(name) is \(type.prefix(40)), not AVRO"), isLasting: true) }
            guard let text = document.string("schema", of: document.root) else { return .failed("it answered 200, but without a schema") }
            if let problem = collect(document) { return problem }
            do {
                return .known(.schema(try AvroSchema(parsing: Array(text.utf8), references: references)), isLasting: true)
            } catch {
                return .known(.unusable("\(name) can not be used: \(error)"), isLasting: true)
            }
        }
    }

    /// Gathers the schemas that one refers to, each behind those that it refers to itself. Nil where that worked.
    private mutating func collect(_ document: JSONDocument) -> Found? {
        guard let list = document.member("references", of: document.root) else { return nil }
        for reference in document.elements(of: list) {
            guard let subject = document.string("subject", of: reference), let version = document.member("version", of: reference).flatMap(document.integer(at:)) else {
                return .failed("it answered 200, but with references that are none")
            }
            let name = "version \(version) of \(subject)"
            guard seen.insert(name).inserted else { continue }
            guard seen.count <= Self.maxReferences else { return .known(.unusable("it refers to more than \(Self.maxReferences) schemas"), isLasting: true) }
            switch client.version("\(version)", of: subject) {
            case .failed(let why): return .failed(why)
            case .missing: return .known(.unusable("the registry does not have \(name), which is referred to"), isLasting: false)
            case .oversized: return .known(.unusable("\(name), which is referred to, is longer than \(JSONDocument.maxBytes) bytes"), isLasting: true)
            case .found(let inner):
                if let problem = collect(inner) { return problem }
                guard let text = inner.string("schema", of: inner.root) else { return .failed("it answered 200, but without a schema") }
                references.append(Array(text.utf8))
            }
        }
        return nil
    }
}
