import VedetteCore

extension KafkaLoop {
    private static func monitors(_ topology: Topology) -> [RunStatus.Monitor] {
        let status = topology.monitorStatus
        return topology.configuration.monitors.enumerated().map { place, spec in
            RunStatus.Monitor(id: spec.id, coverage: status.coverage[place], budgets: status.budgets[place], waiting: status.waiting[place])
        }
    }

    func publishStatusIfDue(_ now: Double) {
        guard now - lastHousework >= Self.houseworkEverySeconds else { return }
        lastHousework = now
        publishStatus(now)
    }

    /// Publishes what the web server shows.
    func publishStatus(_ now: Double) {
        let topology = pipeline.topology
        let wallMs = wallClockMs()
        let partitions = self.partitions.indices.map { place in
            let watermark = topology.watermark(of: place)
            return RunStatus.Partition(
                topic: self.partitions[place].identity.source, partition: self.partitions[place].identity.number,
                stream: self.partitions[place].identity.stream.word, lag: lag(of: place),
                watermarkDelayMs: watermark == .min ? nil : wallMs - watermark,
                nextOffset: pipeline.nextOffset(of: place), accepted: pipeline.accepted(of: place), rejected: pipeline.rejected(of: place),
                skipped: self.partitions[place].skipped, isAssigned: self.partitions[place].isAssigned,
                isPaused: self.partitions[place].isPaused)
        }
        let behind = pipeline.knownWatermark.map { $0 == .min ? 0 : max(0, $0 - max(topology.judgedTo, 0)) }
        if pipeline.isStandby, pipeline.knownWatermark != nil, !pipeline.isReexecuting { hasCaughtUp = true }
        let storeBytes = Int64(pipeline.storeStatistics.bytes)
        let areBrokersDown = reader.health.isAllBrokersDown || output.health.isAllBrokersDown
        tellOfBrokers(areBrokersDown)
        tellOfMonitors(topology)
        let cardinalities = topology.cardinalities
        tellOfOverflow(cardinalities)
        tellOfUncounted(topology.counters.labelsUncounted)
        status.update { snapshot in
            snapshot.application = configuration.application
            snapshot.role = pipeline.isStandby ? .standby : .active
            snapshot.standbyDelayMs = pipeline.isStandby ? behind : nil
            snapshot.maxLag = configuration.http.readyMaxLag
            snapshot.partitions = partitions
            snapshot.counters = topology.counters.named
            snapshot.orphansBySource = zip(configuration.topology.labelSources.map(\.pipeline) + ["(unlisted)"], topology.orphansBySource)
                .map { ($0, $1) }
            snapshot.outputs = OutputKind.allCases.map { ($0.rawValue, Int64(pipeline.collector.counts[$0] ?? 0)) }
            snapshot.monitors = Self.monitors(topology)
            snapshot.cardinalities = cardinalities
            snapshot.openRows = Int64(topology.openRows)
            snapshot.pendingLabels = Int64(topology.pendingLabels)
            snapshot.pendingLabelBytes = Int64(topology.pendingLabelBytes)
            snapshot.waitingRows = Int64(topology.waitingRows)
            snapshot.series = Int64(topology.seriesCount)
            snapshot.storeBytes = storeBytes
            if pipeline.checkpointNumber != snapshot.checkpointNumber || snapshot.checkpointAt == nil {
                snapshot.checkpointNumber = pipeline.checkpointNumber
                snapshot.checkpointAt = now
            }
            snapshot.checkpointSeconds = checkpointSeconds
            snapshot.commits = commits
            snapshot.judgedToMs = topology.judgedTo == .min ? nil : topology.judgedTo
            // A standby is a second or so behind all the time: that is not restoring.
            snapshot.isReexecuting = pipeline.isStandby ? !hasCaughtUp && pipeline.isReexecuting : pipeline.isReexecuting || pipeline.isQuiet
            snapshot.isStarted = true
            snapshot.areBrokersDown = areBrokersDown
            snapshot.lastTurnAt = now
        }
    }

    /// What is judged from now on because its reference is there.
    private func tellOfMonitors(_ topology: Topology) {
        for (spec, places) in zip(topology.configuration.monitors, topology.takeBegun()) where !places.isEmpty {
            let named = places.prefix(5).map { "\($0.slice.text) of \($0.model)" }.joined(separator: ", ")
            logger.notice(
                "a monitor has the reference that it waited for, and judges from here on",
                metadata: ["monitor": "\(spec.id)", "slices": "\(places.count)", "such_as": "\(named)"])
        }
    }

    /// Once for each limit that is passed.
    private func tellOfOverflow(_ cardinalities: [Cardinality]) {
        for one in cardinalities where one.overflowed > 0 && toldOverflows.insert(one.text).inserted {
            let what = one.kind == .finding ? "no alert can be followed beyond the limit" : "what is new from here on is counted as (other)"
            logger.warning(
                "a limit of distinct names is reached: \(what)",
                metadata: ["of": "\(one.text)", "limit": "\(one.limit)", "overflowed": "\(one.overflowed)"])
        }
    }

    /// Once: figures are off by so many labels, and nobody but the authors can do anything about it.
    private func tellOfUncounted(_ labels: Int64) {
        guard labels > 0, !hasToldOfUncounted else { return }
        hasToldOfUncounted = true
        logger.error(
            "labels were to be taken back that no pane had counted; they were left out. This is a defect: please report it, with the version",
            metadata: ["labels": "\(labels)", "metric": "vedette_records_total{outcome=\"labels_uncounted\"}"])
    }

    /// In one line what the clients' own lines, one for each connection and try, only let one guess.
    private func tellOfBrokers(_ areDown: Bool) {
        guard areDown != hasToldOfOutage else { return }
        hasToldOfOutage = areDown
        guard areDown else { return logger.notice("the brokers answer again") }
        let error = reader.health.lastError ?? output.health.lastError
        logger.warning(
            "no broker can be reached; waiting, and going on from here when one answers",
            metadata: ["error": "\(error?.message ?? "connections are refused or broken")"])
    }
}
