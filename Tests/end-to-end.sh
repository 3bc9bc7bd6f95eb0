#!/bin/sh
# Simulates, replays twice, and validates everything that was written against the schemas.
# Usage: end-to-end.sh path/to/vedette
set -eu
vedette=$1
here=$(dirname "$0")
python=${PYTHON:-python3}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

"$vedette" simulate --count 60000 --density 0.07 --seed 5 --decisions-out "$out/d.jsonl.zst" --labels-out "$out/l.jsonl.gz" \
    --scenario duplicates --scenario disorder --scenario malformed --scenario label_corrections \
    --scenario feature_missing:from=200h,until=210h,strength=0.9
"$vedette" simulate --count 2000 --density 0.07 --seed 6 --decisions-out "$out/clean-d.jsonl" --labels-out "$out/clean-l.jsonl" \
    --scenario duplicates --scenario disorder --scenario label_corrections --scenario feature_missing
replay() {
    VEDETTE_HASH_KEY=test KAFKA_BROKERS=unused:1 "$vedette" replay --quiet --config "$here/../docker/vedette.yaml" \
        --decisions "$out/d.jsonl.zst" --labels "$out/l.jsonl.gz" --metrics-out "$out/metrics$1.jsonl" \
        --alerts-out "$out/alerts$1.jsonl" --dead-letters-out "$out/dead$1.jsonl" --late-out "$out/late$1.jsonl" \
        --breakers-out "$out/breakers$1.jsonl"
    VEDETTE_HASH_KEY=test KAFKA_BROKERS=unused:1 "$vedette" labels export --config "$here/../docker/vedette.yaml" \
        --decisions "$out/d.jsonl.zst" --labels "$out/l.jsonl.gz" --out "$out/provenance$1.jsonl"
}
replay 1
replay 2
for kind in metrics alerts dead late breakers provenance; do
    cmp "$out/${kind}1.jsonl" "$out/${kind}2.jsonl"
    [ -s "$out/${kind}1.jsonl" ] || { echo "no $kind were written" >&2; exit 1; }
done
"$python" "$here/Schemas/validate.py" --schema decision "$out/clean-d.jsonl"
"$python" "$here/Schemas/validate.py" --schema label "$out/clean-l.jsonl"
"$python" "$here/Schemas/validate.py" --schema metric --every 200 "$out/metrics1.jsonl"
"$python" "$here/Schemas/validate.py" --schema alert "$out/alerts1.jsonl"
"$python" "$here/Schemas/validate.py" --schema dead_letter "$out/dead1.jsonl"
"$python" "$here/Schemas/validate.py" --schema late "$out/late1.jsonl"
"$python" "$here/Schemas/validate.py" --schema breaker "$out/breakers1.jsonl"
"$python" "$here/Schemas/validate.py" --schema provenance --every 20 "$out/provenance1.jsonl"
echo "two replays were byte-identical, and every record fits its schema"
