/// The fingerprints of a campaign, told: how many, and in which features its tries coincide.
extension ProbingAuthor {
    /// Features that are named at most.
    private static let mostShared = 6
    /// What more of ordinary traffic has in common than this, tells nothing.
    private static let mostOrdinary = 0.5

    func fingerprintFacts(_ campaign: Campaign) -> [IncidentFact] {
        let tally = campaign.fingerprints
        return [
            IncidentFact("fingerprints", .number(Double(tally.distinctCount))),
            IncidentFact("fingerprints_shared", .text("\(tally.sharedCount) of \(Fingerprints.count)")),
            IncidentFact("shared_features", .list(shared(tally).map(\.text))),
        ]
    }

    /// Features in which nearly all tries lie in the same eighth of ordinary traffic, the rarest first.
    private func shared(_ tally: FingerprintTally) -> [(text: String, share: Double)] {
        tally.sharedBins.map { feature, bin, share in (feature, watch.model.reference.share(feature, inBin: bin), share) }
            .filter { $0.1 <= Self.mostOrdinary }
            .sorted { ($0.1, $0.0) < ($1.1, $1.0) }.prefix(Self.mostShared)
            .map { feature, usual, share in
                ("\(name(feature)): the same in \(AlertNumbers.percent(share)) of the tries, of ordinary traffic in \(AlertNumbers.percent(usual))", usual)
            }
    }
}
