# The front door. `make` alone lists what can be done.
PRESET ?= release
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 20
SOURCES = $(shell find src tests -name '*.[ch]' -o -name '*.cc')

help: ## list the targets
	@awk -F':.*## ' '/^[a-z%-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
setup: ## install what the build needs (Debian packages, SQLite with ciphers, models, web packages)
	@tools/setup.sh
build: setup web ## build the programs of PRESET (release, debug, clang, asan, tsan, coverage, fuzz)
	@tools/build.sh $(PRESET) $(JOBS)
web: setup ## build the web page into web/dist
	@tools/build-web.sh
demo: build ## run the whole site on this machine: camera, brokers, programs, web page
	@exec build/$(PRESET)/tocsin demo --build build/$(PRESET) $(DEMO)
test: setup ## everything: lint, unit, contract, integration, fault, sanitizers, web, browser
	@tools/test.sh all
unit: setup ## the unit and contract tests of PRESET
	@tools/test.sh unit
integration: setup ## the tests that start real brokers, cameras and programs
	@tools/test.sh integration
browser: setup ## the main job in a real Chromium, with screenshots in build/screenshots
	@tools/test.sh browser
sanitize: setup ## the unit tests under address, undefined and thread sanitizers
	@tools/test.sh sanitize
fuzz: setup ## every fuzz target for FUZZ_SECONDS
	@tools/build.sh fuzz $(JOBS)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tools/fuzz.sh
bench: build ## measure the figures of docs/benchmarks.md into build/bench.tsv
	@tools/bench.sh
lint: setup ## everything that reads the code without running it
	@tools/lint.sh
coverage: setup ## line coverage of src/, in all and per folder
	@tools/coverage.sh
format: ## rewrite the sources in the project's format
	clang-format -i $(SOURCES)
	cd web && npm run --silent format
package: build ## a tarball of the programs, the web page and the service files in build/package
	@tools/package.sh build/$(PRESET)
clean: ## remove what was built; what was fetched stays in build/cache
	find build -mindepth 1 -maxdepth 1 ! -name cache -exec rm -rf {} +
	rm -rf web/dist
.PHONY: help setup build web demo test unit integration browser sanitize fuzz bench lint coverage format package clean
