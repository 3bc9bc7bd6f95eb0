/// Who answers for a model.
public struct Team: Sendable, Equatable {
    public var name: String
    /// Where to reach them: a channel, a mail address, a rotation.
    public var contact: String
    public init(name: String, contact: String = "") {
        self.name = name
        self.contact = contact
    }
}

/// One model of the inventory.
public struct ModelSpec: Sendable, Equatable {
    public var name: String
    public var description: String
    /// Engineering: who is paged.
    public var owner: Team
    /// The security counterpart.
    public var security: Team
    /// Indices into `EventSchema.features` of the features that the model uses.
    public var features: [Int]
    /// Those of them whose loss is an incident.
    public var importantFeatures: [Int]
    /// How much a feature's drift matters, 0...1, by its index; those not listed have ``importance(of:)``'s defaults.
    public var importances: [Int: Double] = [:]

    public init(name: String, description: String = "", owner: Team, security: Team, features: [Int], importantFeatures: [Int]) {
        self.name = name
        self.description = description
        self.owner = owner
        self.security = security
        self.features = features
        self.importantFeatures = importantFeatures
    }

    /// 1 for an important feature and half of it for another, where nothing is stated.
    public func importance(of feature: Int) -> Double { importances[feature] ?? (importantFeatures.contains(feature) ? 1 : 0.5) }
}
