# A thin front: CMake builds the C code, Maven the jar, scripts/ and tests/run do the rest.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PRESET ?= dev

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what the build and the tests need (apt, PyPI)
	@scripts/setup.sh build run test

setup-build:
	@scripts/setup.sh build

build: setup-build ## build the C library and the command (PRESET=dev, release, asan, ...)
	@scripts/build.sh $(PRESET)

jar: setup-build ## build the jar with the native library inside
	@scripts/build.sh release
	@scripts/jar.sh

wheel: setup-build ## build the Python package into build/wheel
	@scripts/setup.sh wheel
	@scripts/wheel.sh

up: ## a whole Spark on 127.0.0.1 (ARGS="--workers 2"; ENGINE=podman, docker: in a container)
	@scripts/cluster.sh up $(ARGS)

start: ## start the cluster again after make stop
	@scripts/cluster.sh start $(ARGS)

stop: ## end the cluster's processes
	@scripts/cluster.sh stop $(ARGS)

ps: ## the cluster's services
	@scripts/cluster.sh ps $(ARGS)

logs: ## follow what the services say (ARGS="--level info")
	@scripts/cluster.sh logs $(ARGS)

doctor: ## what a cluster needs of this machine, and what to do where it is missing
	@scripts/cluster.sh doctor $(ARGS)

run: ## the default pipeline on real data: flights, Pub/Sub, streaming table, views
	@scripts/run.sh $(ARGS)

demo-stream: ## the same data through a plain streaming query, without the cluster
	@scripts/demo-stream.sh

test: ## everything that a change must pass
	@scripts/setup.sh build run test
	@tests/run

test-matrix: ## the Spark source and kernels on Spark 3.3, 3.5, 4.0, 4.1 and the newest
	@scripts/setup.sh build run test matrix
	@tests/run --only release,jar,spark-3.3,spark-3.5,spark-4.0,spark,spark-newest

test-interop: ## as test's interoperability part, with Java and Node clients too
	@scripts/setup.sh build run test
	@tests/run --only release,jar,interop --all-clients

test-long: ## valgrind, gcc -fanalyzer, clang-tidy, Spark tests that take minutes
	@scripts/setup.sh build run test long
	@tests/run --only release,jar,valgrind,analyzer,tidy,python-long,spark-long,cluster-long

test-bare: ## make test in a bare Debian 12 root (needs root)
	@scripts/bare-root.sh make test

fuzz: ## fuzz every parser (FUZZ_SECONDS=60 for each)
	@scripts/setup.sh build test
	@tests/fuzz

bench: ## speed beside the peers (BENCH=receive for one case)
	@scripts/setup.sh build run test
	@bench/run $(BENCH)

bench-cluster: ## the cluster beside Spark's own start commands
	@scripts/setup.sh build run wheel
	@scripts/build.sh release
	@scripts/jar.sh
	@scripts/wheel.sh
	@. scripts/env.sh && "$$(scripts/python-env.sh run)/bin/python" bench/cluster.py \
		"$(CURDIR)/build/release/ferrule" "$$(frl_jar)" "$$(frl_wheel)"

lint: ## formatting, style and layering
	@scripts/setup.sh build test
	@tests/run --only checks

format: ## format the C and Python files
	@scripts/setup.sh build test
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs -r clang-format-14 -i
	@"$$(scripts/python-env.sh test)/bin/ruff" format --quiet

lock: ## newest Python packages into requirements/*.lock
	@scripts/lock.sh

clean: ## stop the cluster; delete its state and, after asking, its tables (FORCE=1)
	@[ -z "$(ENGINE)" -a ! -x build/release/ferrule ] || ENGINE="$(ENGINE)" scripts/cluster.sh clean

distclean: clean ## and what was built, and what was downloaded for every clone
	rm -rf build jvm/target
	rm -rf "$${FERRULE_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/ferrule}"

.PHONY: help setup setup-build build jar wheel up start stop ps logs doctor run demo-stream test test-matrix test-interop test-long test-bare \
	fuzz bench bench-cluster lint format lock clean distclean
