# The one entry point. Every target works alone and builds what it needs; `make help` lists them.
#
# Everything is built below target/ (cargo) and build/ (the rest), so that `make clean` leaves the checkout as it was.

export PATH := $(HOME)/.cargo/bin:$(PATH)
export CARGO_TARGET_DIR ?= $(CURDIR)/target
export ALTCLUSTER := $(CARGO_TARGET_DIR)/release/altcluster
BUILD := $(CURDIR)/build
VENV := $(BUILD)/venv
PYTHON := $(VENV)/bin/python
OFFICIAL := $(BUILD)/official
MVN := mvn --batch-mode --quiet
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := request_reader key_plan bodies
CARGO_FUZZ := $(BUILD)/tools/bin/cargo-fuzz

.PHONY: help demo test test-rust test-model test-cluster test-chaos test-c test-python test-java test-readme simulate simulate-check lint chaos fuzz bench bench-python bench-java header docs cluster library tools python-env java-native c-build clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

demo: ## write and read through Python and C on a local cluster while a node is killed
	@bash scripts/demo.sh

test: tools lint test-rust test-model test-cluster test-chaos simulate-check test-c test-python test-java test-readme ## everything there is

tools: ## install or name the tools that are missing
	@bash scripts/tools.sh test

lint: ## formatting and static checks
	cargo fmt --check --all
	cargo clippy --locked --all-targets --workspace -- -D warnings
	cargo fmt --check --manifest-path fuzz/Cargo.toml
	cargo clippy --locked --manifest-path fuzz/Cargo.toml -- -D warnings

test-rust: cluster ## the core: unit and property tests, generated files, live tests on the cluster
	cargo test --locked

test-model: ## what threads can see of the lock-free parts, in every order
	cargo test --locked --release -p alternator-lb-model

test-cluster: cluster ## the local cluster's own tests
	cargo test --locked --release -p altcluster

test-chaos: cluster ## the chaos program's own tests: what must fail does
	cargo test --locked --release -p chaos

test-c: c-build ## the C ABI from C and C++, examples, install-and-use
	ctest --test-dir $(BUILD)/c --output-on-failure

test-python: python-env $(OFFICIAL)/installed cluster ## the Python package with real boto3, beside the official client's interface
	cargo build --quiet --locked
	cd bindings/python && $(VENV)/bin/mypy && $(VENV)/bin/ruff check && $(VENV)/bin/ruff format --check
	cd bindings/python && ALTERNATOR_OFFICIAL=$(OFFICIAL) ALTERNATOR_LB_LIBRARY=$(CARGO_TARGET_DIR)/debug/libalternator_lb.so \
		$(PYTHON) -m pytest -q

test-java: java-native cluster python-env ## the Java library with the real SDK: tests, Javadoc, a program that uses the installed artifact
	cd bindings/java && ALTERNATOR_PYTHON=$(PYTHON) $(MVN) install -Dbuild.root=$(BUILD)/java
	bindings/java/scripts/consume.sh $(BUILD)/java $(ALTCLUSTER)

test-readme: cluster ## the first steps of the README, as they stand there
	python3 tests/readme_test.py README.md

simulate: ## the library's policies beside others' in simulated clusters: tables, and plots in build/simulation
	cargo run --quiet --locked --release -p alb-simulation -- --out $(BUILD)/simulation

simulate-check: ## that the simulation is the reference's, and that the library keeps its promises in it
	cargo test --locked --release -p alb-simulation

chaos: cluster ## load through the C ABI while nodes die, hang and slow down; CHAOS="--quick" for a minute of it
	cargo run --quiet --locked --release -p chaos -- $(CHAOS)

bench: c-build ## what picks and reading a request cost, beside calls that do nothing
	cmake --build $(BUILD)/c --target bench
	cargo bench --quiet --locked --bench request

fuzz: $(CARGO_FUZZ) ## each fuzz target for FUZZ_SECONDS (60)
	@for target in $(FUZZ_TARGETS); do \
		mkdir -p $(BUILD)/fuzz/$$target && \
		$(CARGO_FUZZ) run --sanitizer none --target-dir $(CARGO_TARGET_DIR)/fuzz $$target $(BUILD)/fuzz/$$target fuzz/seeds/$$target -- \
			-max_total_time=$(FUZZ_SECONDS) -dict=fuzz/$$target.dict -artifact_prefix=$(BUILD)/fuzz/$$target- || exit 1; \
	done

# The core is safe code: its targets need coverage, but no sanitizer, and so no nightly toolchain.
$(CARGO_FUZZ):
	cargo install --quiet --locked --root $(BUILD)/tools cargo-fuzz

bench-python: python-env cluster ## CPU time per boto3 request with and without the library
	$(PYTHON) bindings/python/benches/overhead.py

bench-java: java-native ## what picks and requests cost in Java, by JMH; beside the official library where its artifact can be had
	bindings/java/scripts/bench.sh $(BUILD)/java

# The static library as tests need it; `make library` makes that which ships.
java-native:
	cargo build --quiet --locked --lib --release
	bindings/java/scripts/build_native.sh $(CARGO_TARGET_DIR)/release/libalternator_lb.a $(BUILD)/java/native-root

header docs: ## write include/alternator_lb.h and docs/CONFIGURATION.md anew
	BLESS=1 cargo test --quiet --locked --test generated

cluster: ## build the local cluster
	cargo build --quiet --locked --release -p altcluster

library: ## build the shared and static library as they ship
	cargo build --locked --lib --profile dist

c-build: cluster
	cmake -S . -B $(BUILD)/c -DALTERNATOR_LB_TESTS=ON -DALTERNATOR_LB_EXAMPLES=ON -DALTERNATOR_LB_BENCHES=ON \
		-DALTERNATOR_LB_CARGO_TARGET_DIR=$(CARGO_TARGET_DIR) -DALTERNATOR_LB_CLUSTER=$(ALTCLUSTER)
	cmake --build $(BUILD)/c

python-env: $(VENV)/installed

$(VENV)/installed: $(shell git ls-files bindings/python/pyproject.toml bindings/python/src src Cargo.toml Cargo.lock)
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check './bindings/python[test]' mypy ruff rich
	touch $@

# Whose interface the package offers: read by the tests, never imported by the package.
$(OFFICIAL)/installed: | python-env
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --target $(OFFICIAL)/1.0 'alternator-client==1.0.*'
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --target $(OFFICIAL)/2.0 'alternator-client==2.0.*'
	touch $@

clean: ## remove everything that was built
	rm -rf $(BUILD) $(CARGO_TARGET_DIR) fuzz/artifacts
