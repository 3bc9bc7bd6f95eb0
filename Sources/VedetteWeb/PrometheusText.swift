import VedetteRuntime

/// The process's own metrics in Prometheus' text format. Labels are bounded: topics,
/// partitions, and words that the program itself defines.
public enum PrometheusText {
    public static func render(_ snapshot: RunStatus.Snapshot, now: Double) -> String {
        var page = PrometheusPage()
        page.family("vedette_records_total", "counter", "Records by what became of them, since the state began.")
        for (name, value) in snapshot.counters { page.sample("vedette_records_total", [("outcome", name)], Double(value)) }
        page.family("vedette_orphaned_labels_total", "counter", "Labels whose decision never came, by registered source.")
        for (source, value) in snapshot.orphansBySource { page.sample("vedette_orphaned_labels_total", [("source", source)], Double(value)) }
        page.family("vedette_output_records_total", "counter", "Records put out by this process, by kind.")
        for (kind, value) in snapshot.outputs { page.sample("vedette_output_records_total", [("kind", kind)], Double(value)) }
        partitions(snapshot, into: &page)
        monitors(snapshot, into: &page)
        cardinalities(snapshot, into: &page)
        page.single("vedette_join_open_rows", "gauge", "Decision rows in memory, not yet in a checkpoint.", Double(snapshot.openRows))
        page.single("vedette_join_pending_labels", "gauge", "Labels waiting for their decision.", Double(snapshot.pendingLabels))
        page.single("vedette_join_pending_label_bytes", "gauge", "What they count of join.max_pending_bytes.", Double(snapshot.pendingLabelBytes))
        page.single("vedette_waiting_rows", "gauge", "Rows waiting for the watermark.", Double(snapshot.waitingRows))
        page.single("vedette_series", "gauge", "Series (model, version, slice) in memory.", Double(snapshot.series))
        page.single("vedette_state_bytes", "gauge", "Bytes of the state on disk.", Double(snapshot.storeBytes))
        page.single("vedette_checkpoint_number", "counter", "Number of the newest durable checkpoint.", Double(snapshot.checkpointNumber))
        page.single("vedette_checkpoint_duration_seconds", "gauge", "Duration of the newest checkpoint.", snapshot.checkpointSeconds)
        if let at = snapshot.checkpointAt { page.single("vedette_checkpoint_age_seconds", "gauge", "Age of the newest checkpoint.", now - at) }
        page.single("vedette_commits_total", "counter", "Output commits of this process.", Double(snapshot.commits))
        if let judged = snapshot.judgedToMs {
            page.single("vedette_judged_to_seconds", "gauge", "Event time up to which everything has been judged, seconds since 1970.", Double(judged) / 1_000)
        }
        page.family("vedette_role", "gauge", "1 for what this instance is to its group: the active one judges, a standby follows it.")
        for role in RunStatus.Role.allCases { page.sample("vedette_role", [("role", role.rawValue)], snapshot.role == role ? 1 : 0) }
        if let behind = snapshot.standbyDelayMs {
            page.single("vedette_standby_delay_seconds", "gauge", "Event time by which a standby is behind the active instance.", Double(behind) / 1_000)
        }
        page.single("vedette_reexecuting", "gauge", "1 while a restart makes output again that is out already.", snapshot.isReexecuting ? 1 : 0)
        return page.text
    }

    private static func monitors(_ snapshot: RunStatus.Snapshot, into page: inout PrometheusPage) {
        page.family("vedette_monitor_slices", "gauge", "Slices of a monitor's newest window: judged, or not: no reference yet, no nowcast, too few decisions or labels.")
        for monitor in snapshot.monitors {
            let states = [
                ("judged", monitor.coverage.judged), ("no_reference", monitor.coverage.withoutReference),
                ("no_nowcast", monitor.coverage.withoutNowcast), ("too_few", monitor.coverage.withTooFew),
            ]
            for (state, count) in states { page.sample("vedette_monitor_slices", [("monitor", monitor.id), ("state", state)], Double(count)) }
        }
        page.family(
            "vedette_monitor_waiting", "gauge",
            "1 for a slice that a monitor does not judge, and for want of what: whole models, then those with most decisions, 50 at most.")
        for monitor in snapshot.monitors {
            for one in monitor.waiting {
                let labels = [("monitor", monitor.id), ("model", one.place.model), ("slice", one.place.slice.text), ("state", one.reason.rawValue)]
                page.sample("vedette_monitor_waiting", labels, 1)
            }
        }
        page.family(
            "vedette_slo_budget_remaining_ratio", "gauge",
            "Share of an objective's budget that is left in its period; negative where overspent. The slices with least.")
        for monitor in snapshot.monitors {
            for budget in monitor.budgets {
                let labels = [("monitor", monitor.id), ("model", budget.model), ("slice", budget.slice.text)]
                page.sample("vedette_slo_budget_remaining_ratio", labels, budget.remaining)
            }
        }
    }

    private static func cardinalities(_ snapshot: RunStatus.Snapshot, into page: inout PrometheusPage) {
        let labels = snapshot.cardinalities.map { [("of", $0.kind.rawValue), ("name", $0.name)] }
        page.family("vedette_names", "gauge", "Distinct names in use of what has a limit: values of a dimension, versions of a model, slices, label words, findings.")
        for (one, labels) in zip(snapshot.cardinalities, labels) { page.sample("vedette_names", labels, Double(one.used)) }
        page.family("vedette_names_limit", "gauge", "Their limit.")
        for (one, labels) in zip(snapshot.cardinalities, labels) { page.sample("vedette_names_limit", labels, Double(one.limit)) }
        page.family(
            "vedette_names_overflowed_total", "counter",
            "Look-ups that found no room and count as (other), since the state began; of findings, those without an alert.")
        for (one, labels) in zip(snapshot.cardinalities, labels) { page.sample("vedette_names_overflowed_total", labels, Double(one.overflowed)) }
    }

    private static func partitions(_ snapshot: RunStatus.Snapshot, into page: inout PrometheusPage) {
        let labels = snapshot.partitions.map { [("topic", $0.topic), ("partition", "\($0.partition)")] }
        page.family("vedette_partition_lag_records", "gauge", "Records between what was read and the end of the partition.")
        for (partition, labels) in zip(snapshot.partitions, labels) {
            if let lag = partition.lag { page.sample("vedette_partition_lag_records", labels, Double(lag)) }
        }
        page.family("vedette_watermark_delay_seconds", "gauge", "How far the partition's watermark is behind the present.")
        for (partition, labels) in zip(snapshot.partitions, labels) {
            if let delay = partition.watermarkDelayMs { page.sample("vedette_watermark_delay_seconds", labels, Double(delay) / 1_000) }
        }
        page.family("vedette_partition_accepted_total", "counter", "Records decoded by this process.")
        for (partition, labels) in zip(snapshot.partitions, labels) { page.sample("vedette_partition_accepted_total", labels, Double(partition.accepted)) }
        page.family("vedette_partition_rejected_total", "counter", "Records sent to the dead letters by this process.")
        for (partition, labels) in zip(snapshot.partitions, labels) { page.sample("vedette_partition_rejected_total", labels, Double(partition.rejected)) }
        page.family("vedette_partition_skipped_total", "counter", "Offsets passed over by this process: their records were deleted before they were read.")
        for (partition, labels) in zip(snapshot.partitions, labels) { page.sample("vedette_partition_skipped_total", labels, Double(partition.skipped)) }
        page.family("vedette_partition_assigned", "gauge", "1 where the partition is this instance's.")
        for (partition, labels) in zip(snapshot.partitions, labels) { page.sample("vedette_partition_assigned", labels, partition.isAssigned ? 1 : 0) }
        page.family("vedette_partition_paused", "gauge", "1 where reading waits for slower partitions.")
        for (partition, labels) in zip(snapshot.partitions, labels) { page.sample("vedette_partition_paused", labels, partition.isPaused ? 1 : 0) }
    }
}
