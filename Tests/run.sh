#!/usr/bin/env bash
# Runs the tests that were built as two halves at once, and says at the end which failed and why: the logs before it are
# long. `swift test` can not: two of them want the same build database.
# Most tests compute. Those of live processes and brokers mostly wait, and would hold the threads that all tests of a
# process share, of which there are as many as cores.
set -uo pipefail
tests=("$@" --testing-library swift-testing)
export NO_COLOR=1
waiting='^(IntegrationTests|VedetteKafkaTests)\.'
logs=$(mktemp -d)
trap 'kill "$half" 2>/dev/null; rm -rf "$logs"' EXIT
"${tests[@]}" --filter "$waiting" >"$logs/waiting" 2>&1 &
half=$!
"${tests[@]}" --skip "$waiting" 2>&1 | tee "$logs/computing"
status=${PIPESTATUS[0]}
wait "$half" || status=$?
cat "$logs/waiting"
if [ "$status" -ne 0 ]; then
    printf '\nFailed (exit code %s):\n' "$status"
    grep -ahE -A 3 '^✘|recorded an issue|Fatal error|unexpected signal' "$logs/computing" "$logs/waiting" | cut -c 1-600 | tail -n 60
fi
exit "$status"
