import Foundation
import VedetteCore

/// What a configuration amounts to, for `vedette check`: as a table for people, as JSON for programs.
///
/// Holds names and limits only; secrets appear as where they come from.
public struct InventoryReport: Codable, Sendable, Equatable {
    /// Who answers for a model, and how to reach them.
    public struct Team: Codable, Sendable, Equatable {
        public var name: String
        public var contact: String
    }

    /// A feature and how its values are read.
    public struct Feature: Codable, Sendable, Equatable {
        public var name: String
        public var kind: String
        public var important: Bool
    }

    /// A model of the inventory.
    public struct Model: Codable, Sendable, Equatable {
        public var name: String
        public var description: String
        public var owner: Team
        public var security: Team
        public var features: [Feature]
    }

    /// A topic that is read.
    public struct Input: Codable, Sendable, Equatable {
        public var stream: String
        public var topic: String
        /// How its records are written and where their schemas are.
        public var format: String
    }

    /// A topic that is written.
    public struct Output: Codable, Sendable, Equatable {
        public var stream: String
        /// Nil where the output is off.
        public var topic: String?
    }

    /// A source of labels and its rank.
    public struct Source: Codable, Sendable, Equatable {
        public var pipeline: String
        public var trust: String
    }

    /// A window that is judged, in lengths as one writes them.
    public struct Window: Codable, Sendable, Equatable {
        public var name: String
        public var size: String
        public var hop: String
        public var offset: String
    }

    /// A monitor with its limits.
    public struct Monitor: Codable, Sendable, Equatable {
        public var id: String
        public var monitor: String
        public var severity: String
        public var models: [String]
        public var window: String
        public var slices: [String]
        public var reference: String
        /// Effect sizes, all of them resolved.
        public var limits: [String: Double]
        public var alpha: Double?
        public var minCount: Int64
        public var holdFor: String
        public var keepFiringFor: String
        public var clearRatio: Double
    }

    /// A detector of the stream, or one rule of the policy.
    public struct Detector: Codable, Sendable, Equatable {
        public var id: String
        public var severity: String?
        /// In words; of a rule its expression.
        public var watches: String
    }

    /// A breaker: what it falls back to, and for how long at least.
    public struct Breaker: Codable, Sendable, Equatable {
        public var id: String
        public var models: [String]
        public var slices: [String]
        /// Each trigger in words.
        public var opensOn: [String]
        public var insteadOf: String
        public var action: String
        public var minOpen: String
    }

    /// Where `vedette forward` brings alerts.
    public struct Destination: Codable, Sendable, Equatable {
        public var name: String
        public var type: String
        /// Of the URL nothing else is shown.
        public var host: String
        /// What an alert must be to open something there, each condition in words; empty for any alert.
        public var openedBy: [String]
        public var tellsEnds: Bool
        public var group: String
    }

    /// A reference that drift is put out against.
    public struct Drift: Codable, Sendable, Equatable {
        public var name: String
        public var reference: String
    }

    /// How long what is joined is kept, and what its bounds are.
    public struct Retention: Codable, Sendable, Equatable {
        public var joinRetention: String
        public var joinMaturity: String
        public var pendingLabels: String
        /// `1m for 2h`, finest first.
        public var panes: [String]
        public var reviseEvery: String
    }

    public var application: String
    public var brokers: String
    public var group: String
    public var transactional: Bool
    public var models: [Model]
    public var entities: [String]
    public var inputs: [Input]
    public var outputs: [Output]
    public var labelSources: [Source]
    /// Each a dimension, or dimensions joined by ` x `.
    public var slices: [String]
    public var windows: [Window]
    public var drift: [Drift]
    public var monitors: [Monitor]
    public var detectors: [Detector]
    public var breakers: [Breaker]
    public var destinations: [Destination]
    public var retention: Retention
    public var stateDirectory: String

    /// Keys in snake case, sorted, so that two runs are the same bytes.
    public func json() -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Numbers here are finite and texts are Unicode, so there is nothing that could not be encoded.
        guard let data = try? encoder.encode(self) else { return "{}" }
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}
