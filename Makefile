# The two commands of the README are `make run` and `make test`. Everything they need they install.
.DEFAULT_GOAL := help
.PHONY: help setup build run test bench eval measure fuzz clean

SWIFT ?= swift
PACKAGES := librdkafka-dev libzstd-dev librocksdb-dev libsimdjson-dev zlib1g-dev libcurl4-openssl-dev pkg-config g++
PYTHON_ENVIRONMENT := .build/python

help: ## Say what can be made.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

setup: ## Install the system packages that are missing (Debian, Ubuntu).
	@sh Tests/install-packages.sh $(PACKAGES)

build: setup ## Build in release.
	$(SWIFT) build -c release --product vedette

run: build ## Build and run the demo: nothing else needed.
	.build/release/vedette demo

test: setup $(PYTHON_ENVIRONMENT)/done ## Install what is needed and run all tests.
	$(SWIFT) build -c release --build-tests
	VEDETTE_TEST_OUTPUT=$(CURDIR)/.build/live-output bash Tests/run.sh .build/release/vedettePackageTests.xctest
	$(PYTHON_ENVIRONMENT)/bin/python Tests/Schemas/validate.py
	for kind in alert metric dead_letter late breaker progress; do \
		$(PYTHON_ENVIRONMENT)/bin/python Tests/Schemas/validate.py --schema $$kind .build/live-output/$$kind.jsonl || exit 1; \
	done
	$(PYTHON_ENVIRONMENT)/bin/python docker/test_breaker_client.py
	PYTHON=$(PYTHON_ENVIRONMENT)/bin/python sh Tests/end-to-end.sh .build/release/vedette
	$(PYTHON_ENVIRONMENT)/bin/python Tests/readme_tour.py .build/release/vedette
	PATH="$(CURDIR)/$(PYTHON_ENVIRONMENT)/bin:$$PATH" bash docker/check.sh

# `make bench BENCH_FLAGS="--job DIR --large"` adds the comparison job and 10,000 slices.
# Linked as the image is, which is some hundredths faster; in a folder of its own, since other flags would build everything anew.
BENCH_FLAGS ?=

bench: setup ## Print throughput, memory and bytes per decision, beside the floor.
	$(SWIFT) run -c release --static-swift-stdlib --scratch-path .build/bench vedette-bench $(BENCH_FLAGS)

measure: setup ## Print how often alerts are false, and how soon they are right; needs ../shared/data.
	$(SWIFT) build -c release --product vedette-measure
	.build/release/vedette-measure quiet
	.build/release/vedette-measure awake
	.build/release/vedette-measure cards

FUZZ_SECONDS ?= 60

fuzz: setup ## Feed the decoders what libFuzzer invents, for FUZZ_SECONDS; every decision also to a slow decoder.
	VEDETTE_FUZZ=1 $(SWIFT) build -c release --product vedette-fuzz --scratch-path .build/fuzz
	mkdir -p .build/fuzz/corpus
	.build/fuzz/release/vedette-fuzz .build/fuzz/corpus Tests/Fuzzing/Seeds Tests/VedetteCodecTests/Corpus -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -artifact_prefix=.build/fuzz/ -print_final_stats=1

EVAL_SET ?= ../shared/data/attacks-dev
EVAL_FLAGS ?= --class ../shared/data/cards/class.csv.gz

eval: setup ## Print what the probing detectors find in EVAL_SET, beside published methods, and what evading them costs.
	$(SWIFT) build -c release --product vedette-eval
	.build/release/vedette-eval --mixed $(EVAL_SET)/decisions.jsonl.zst --truth $(EVAL_SET)/truth.json --benign $(EVAL_SET)/benign.jsonl.zst $(EVAL_FLAGS) --ablation --baselines
	.build/release/vedette-eval adaptive --benign $(EVAL_SET)/benign.jsonl.zst

$(PYTHON_ENVIRONMENT)/done: Tests/Schemas/requirements.txt
	@sh Tests/install-packages.sh python3-venv python3-pip zstd
	python3 -m venv $(PYTHON_ENVIRONMENT)
	$(PYTHON_ENVIRONMENT)/bin/pip install --quiet -r Tests/Schemas/requirements.txt
	touch $@

clean: ## Remove everything that was built.
	rm -rf .build
