extension LabelCanaryDetector {
    /// A metric that the configuration no longer follows took its evidence with it.
    func stands(_ identity: AlertIdentity) -> Bool { watches[identity.model].contains(where: \.isFiring) }
}
