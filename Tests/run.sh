#!/usr/bin/env bash
# Runs a test command and says at the end which tests failed and why: the log before it is long.
set -uo pipefail
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
if [ "$status" -ne 0 ]; then
    printf '\nFailed (exit code %s):\n' "$status"
    grep -aE -A 3 '^✘|recorded an issue|Fatal error|unexpected signal' "$log" | cut -c 1-600 | tail -n 60
fi
exit "$status"
