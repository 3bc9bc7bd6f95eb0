#!/bin/bash
# Creates the topics of docker/vedette.yaml on the broker of docker/compose.yaml. May run again.
set -eu

brokers="${1:?usage: create-topics.sh host:port}"
topics=/opt/kafka/bin/kafka-topics.sh

create() {
    local name="$1" partitions="$2"
    shift 2
    "${topics}" --bootstrap-server "${brokers}" --create --if-not-exists --topic "${name}" \
        --partitions "${partitions}" --replication-factor 1 "$@"
}

create payments.decisions 6 --config retention.ms=604800000
create payments.labels 6 --config retention.ms=604800000

# Keyed by fingerprint or by model and slice: compaction keeps the newest state of each.
create payments.alerts 1 --config cleanup.policy=compact
create payments.breakers 1 --config cleanup.policy=compact
create payments.progress 1 --config cleanup.policy=compact
create payments.metrics 1 --config retention.ms=2592000000
create payments.late 1 --config retention.ms=604800000
create payments.dead_letters 1 --config retention.ms=2592000000
