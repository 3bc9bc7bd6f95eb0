// The door to librdkafka: what Swift cannot call or see by itself. No logic.
#ifndef VEDETTE_CRDKAFKA_SHIM_H
#define VEDETTE_CRDKAFKA_SHIM_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stddef.h>
#include <stdint.h>

// Macros with a cast in them are not imported by Swift.
static const int32_t crd_partition_unassigned = RD_KAFKA_PARTITION_UA;

// rd_kafka_producev() is variadic. The message is copied by librdkafka, so that the caller's
// buffers need only live for the call. A NULL payload is a tombstone; an empty payload is a
// non-NULL pointer with length 0. `headers` is taken over on success and stays the caller's on
// failure. timestamp_ms 0 means "now".
static inline rd_kafka_resp_err_t crd_produce(
    rd_kafka_t *rk, rd_kafka_topic_t *topic, int32_t partition,
    const void *key, size_t key_length,
    const void *payload, size_t payload_length,
    int64_t timestamp_ms, rd_kafka_headers_t *headers) {
    if (headers) {
        return rd_kafka_producev(
            rk, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_KEY(key, key_length),
            RD_KAFKA_V_VALUE((void *)payload, payload_length),
            RD_KAFKA_V_TIMESTAMP(timestamp_ms),
            RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    }
    return rd_kafka_producev(
        rk, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(key, key_length),
        RD_KAFKA_V_VALUE((void *)payload, payload_length),
        RD_KAFKA_V_TIMESTAMP(timestamp_ms), RD_KAFKA_V_END);
}

// rd_kafka_mock_broker_push_request_error_rtts() is variadic: one delayed answer per call.
static inline rd_kafka_resp_err_t crd_mock_push_rtt(
    rd_kafka_mock_cluster_t *cluster, int32_t broker, int16_t api_key,
    rd_kafka_resp_err_t error, int rtt_ms) {
    return rd_kafka_mock_broker_push_request_error_rtts(
        cluster, broker, api_key, 1, error, rtt_ms);
}

#endif
