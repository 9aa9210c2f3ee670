# The one entry point. Every target works alone and builds what it needs; `make help` lists them.
#
# Everything is built below target/ (cargo) and build/ (the rest), so that `make clean` leaves the checkout as it was.

export PATH := $(HOME)/.cargo/bin:$(PATH):/usr/local/go/bin
export CARGO_TARGET_DIR ?= $(CURDIR)/target
export ALTCLUSTER := $(CARGO_TARGET_DIR)/release/altcluster
BUILD := $(CURDIR)/build
VENV := $(BUILD)/venv
PYTHON := $(VENV)/bin/python
OFFICIAL := $(BUILD)/official
GO_OLDEST := go1.24.13
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
MVN := mvn --batch-mode --quiet
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := request_reader key_plan bodies dns_query
CARGO_FUZZ := $(BUILD)/tools/bin/cargo-fuzz
CARGO_CYCLONEDX := $(BUILD)/tools/bin/cargo-cyclonedx
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n1)

TESTS := test-rust test-model test-cluster test-chaos simulate-check test-c test-cpp test-python test-python-installs test-go \
	test-java test-cli test-packages test-readme

.PHONY: help demo test $(TESTS) tools lint test-go-oldest simulate chaos fuzz bench bench-python bench-go bench-java bench-dns \
	header docs abi-dump cluster library c-build go-archive java-native python-env deb dist clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

demo: ## write and read through Python and C on a local cluster while a node is killed
	@bash scripts/demo.sh

test: tools lint $(TESTS) ## everything there is

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
	ctest --test-dir $(BUILD)/c --output-on-failure -LE cpp

test-cpp: c-build ## the C++ header: plain, under valgrind, and with address and undefined-behaviour sanitizers; its example
	ctest --test-dir $(BUILD)/c --output-on-failure -L cpp
	cmake -S . -B $(BUILD)/cpp-sanitized -DALTERNATOR_LB_TESTS=ON -DALTERNATOR_LB_EXAMPLES=ON \
		-DALTERNATOR_LB_SANITIZE=address,undefined -DALTERNATOR_LB_CARGO_TARGET_DIR=$(CARGO_TARGET_DIR) \
		-DALTERNATOR_LB_CLUSTER=$(ALTCLUSTER)
	cmake --build $(BUILD)/cpp-sanitized
	ctest --test-dir $(BUILD)/cpp-sanitized --output-on-failure -L cpp

test-packages: c-build dist ## the ABI beside its first release; Debian packages built, installed, used, removed; what make dist gathers
	python3 tests/abi/abi.py check --library $(BUILD)/c/lib
	python3 tests/packages/deb_test.py $(VERSION)
	$(PYTHON) tests/packages/dist_test.py $(BUILD)/dist $(VERSION)

deb: ## the Debian packages, in build/deb
	packaging/deb/build.sh $(BUILD)/deb

dist: python-env $(CARGO_CYCLONEDX) ## what a release consists of, in build/dist
	PYTHON=$(PYTHON) CARGO_CYCLONEDX=$(CARGO_CYCLONEDX) packaging/dist.sh $(BUILD)/dist

$(CARGO_CYCLONEDX):
	cargo install --quiet --locked --debug --root $(BUILD)/tools cargo-cyclonedx@0.5.9

abi-dump: ## write tests/abi/0.1 anew, which is to be reviewed, and frozen by the release
	python3 tests/abi/abi.py dump

test-python: python-env $(OFFICIAL)/installed cluster ## the Python package with real boto3, beside the official client's interface
	cargo build --quiet --locked
	cd bindings/python && $(VENV)/bin/mypy && $(VENV)/bin/ruff check && $(VENV)/bin/ruff format --check
	cd bindings/python && ALTERNATOR_OFFICIAL=$(OFFICIAL) ALTERNATOR_LB_LIBRARY=$(CARGO_TARGET_DIR)/debug/libalternator_lb.so \
		$(PYTHON) -m pytest -q --ignore tests/test_installs.py

test-python-installs: python-env cluster library ## the Python package in clean environments: directory, wheel, sdist, each Python that is here
	cd bindings/python && ALTERNATOR_LB_LIBRARY=$(CARGO_TARGET_DIR)/dist/libalternator_lb.so $(PYTHON) -m pytest -q tests/test_installs.py

test-go: cluster go-archive python-env ## the Go module with the real SDK, under the race detector; its static checks
	cd bindings/go && unformatted=$$(gofmt -l .) && { test -z "$$unformatted" || { echo "gofmt would change: $$unformatted" >&2; false; }; } && go vet ./... && go run $(STATICCHECK) ./...
	cd bindings/go && PYTHON=$(PYTHON) go test -race -count=1 ./...
	ALTERNATOR_LB_SHARED=$(CARGO_TARGET_DIR)/dist/libalternator_lb.so bash bindings/go/module_test.sh

test-go-oldest: cluster go-archive python-env ## the Go module's tests with the oldest Go that it is for, which the module proxy gives
	cd bindings/go && GOTOOLCHAIN=$(GO_OLDEST) PYTHON=$(PYTHON) go test -count=1 ./...

test-cli: python-env $(VENV)/dnspython cluster ## the alb command: local clusters, dig and drill, systemd, a boto3 client whose endpoint is a name
	cargo test --locked --release -p alb-dns -p alb-cli
	ALB=$(CARGO_TARGET_DIR)/release/alb $(PYTHON) -m pytest -q cli/tests/boto3_test.py

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

bench-python: python-env $(OFFICIAL)/venv/installed cluster library ## plain boto3, the Python package and the official client: CPU time, outages
	cd bindings/python/benches && export ALTERNATOR_LB_LIBRARY=$(CARGO_TARGET_DIR)/dist/libalternator_lb.so && \
		$(PYTHON) outage.py --official $(OFFICIAL)/venv/bin/python && $(PYTHON) overhead.py --official $(OFFICIAL)/venv/bin/python

bench-go: go-archive ## what a pick, a plan and a request cost in Go, beside a bare client and the official helper
	cd bindings/go && go run ./benches && bash benches/official.sh

bench-dns: cluster ## queries a second that alb dns answers on one core, and how fast, beside the program that asks
	cargo bench --quiet --locked -p alb-cli --bench dns

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

go-archive: ## place the core in the Go module, as a static archive
	@bash scripts/go_archive.sh

python-env: $(VENV)/installed

$(VENV)/installed: $(shell git ls-files bindings/python/pyproject.toml bindings/python/src src Cargo.toml Cargo.lock)
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check './bindings/python[test]' mypy ruff rich
	touch $@

# A resolver within the process that asks: what the tests of alb dns point boto3 at.
$(VENV)/dnspython: | python-env
	$(PYTHON) -m pip install --quiet --disable-pip-version-check 'dnspython==2.*'
	touch $@

# Whose interface the package offers: read by the tests, never imported by the package.
$(OFFICIAL)/installed: | python-env
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --target $(OFFICIAL)/1.0 'alternator-client==1.0.*'
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --target $(OFFICIAL)/2.0 'alternator-client==2.0.*'
	touch $@

# What the package is compared with.
$(OFFICIAL)/venv/installed:
	python3 -m venv $(OFFICIAL)/venv
	$(OFFICIAL)/venv/bin/python -m pip install --quiet --disable-pip-version-check 'alternator-client==2.0.*' boto3
	touch $@

clean: ## remove everything that was built
	rm -rf $(BUILD) $(CARGO_TARGET_DIR) fuzz/artifacts
