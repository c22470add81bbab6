# One non-recursive Makefile. Modes have object trees of their own:
#   make                 optimized, hardened: build/release/malachite
#   make SAN=address,undefined | SAN=thread     build/address-undefined/..., build/thread/...
#   make CC=clang        build/release-clang/...
#   make FUZZ=1          what tests/fuzz/ links with: build/fuzz/...
#   make COVERAGE=1      counts the lines that run: build/coverage/...

ifeq ($(origin CC),default)
CC := gcc
endif
comma := ,
ifdef FUZZ
CC := clang
SAN := fuzzer-no-link,address,undefined
endif
COMPILER := $(if $(findstring clang,$(CC)),clang,gcc)
ifdef FUZZ
MODE := fuzz
else ifdef COVERAGE
MODE := coverage
else
MODE := $(if $(SAN),$(subst $(comma),-,$(SAN)),release)$(if $(filter clang,$(COMPILER)),-clang)
endif
BUILD := build/$(MODE)
PYTHON ?= /usr/bin/python3
PREFIX ?= /usr/local

VERSION := $(shell cat VERSION)
PACKAGES := libmicrohttpd gnutls jansson sqlite3 libpq openssl libcurl
# Third-party headers as system headers: -Wconversion stays about our code.
PACKAGE_CFLAGS := $(patsubst -I%,-isystem%,$(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)) \
	-isystem $(shell pkg-config --variable=includedir libpq 2>/dev/null)
LDLIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lpthread

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wundef -Wvla \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wwrite-strings -Wcast-qual \
	-Wpointer-arith -Wimplicit-fallthrough -Wnull-dereference -Wdouble-promotion
ifeq ($(COMPILER),gcc)
WARNINGS += -Wduplicated-cond -Wduplicated-branches -Wlogical-op
endif
ifdef WERROR
WARNINGS += -Werror
endif

ifdef SAN
OPTIMIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=$(SAN) $(if $(findstring undefined,$(SAN)),-fno-sanitize-recover=undefined)
LDFLAGS += -fsanitize=$(SAN)
else ifdef COVERAGE
OPTIMIZE := -O0 -g --coverage -fprofile-update=atomic -fprofile-abs-path
LDFLAGS += --coverage
else
OPTIMIZE := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
	-fcf-protection -fPIE
ifeq ($(COMPILER),gcc)
# Clang 14 has it only behind a second flag. Not in sanitizer builds: there it would hide what they look for.
OPTIMIZE += -ftrivial-auto-var-init=zero
endif
LDFLAGS += -pie -Wl,-z,relro,-z,now,-z,noexecstack
endif

override CFLAGS += -std=c11 -D_GNU_SOURCE -DMALACHITE_VERSION='"$(VERSION)"' $(OPTIMIZE) $(WARNINGS) \
	-I. -I$(BUILD)/gen $(PACKAGE_CFLAGS)

ROOMS := core store engine executor handlers server client app
SOURCES := $(sort $(shell find $(ROOMS) -name '*.c'))
# The portal is bundled with node; without it, or with PORTAL=no, scripts/portal.sh says why it is left out.
PORTAL ?= yes
PORTAL_SOURCES := $(wildcard portal/src/* portal/src/*/*) portal/build.mjs portal/package-lock.json scripts/portal.sh \
	$(wildcard openapi/malachite.*)
# Written when the choice changes, so that the portal is made again then. A read-only checkout is reported by "ready".
$(shell (mkdir -p build/portal; echo $(PORTAL) | cmp -s - build/portal/choice || \
	echo $(PORTAL) > build/portal/choice) 2>/dev/null)
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/portal/files.o
LIBRARY_OBJECTS := $(filter-out $(BUILD)/app/main.o,$(OBJECTS))
SCHEMA := $(sort $(wildcard store/schema/*.sql))
UNIT_SOURCES := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_TESTS := $(UNIT_SOURCES:tests/unit/%.c=$(BUILD)/unit/%)
FUZZ_SOURCES := $(filter-out tests/fuzz/fuzz.c,$(sort $(wildcard tests/fuzz/*.c)))
FUZZ_TARGETS := $(FUZZ_SOURCES:tests/fuzz/%.c=build/fuzz/targets/%)
HEADERS := $(sort $(shell find $(ROOMS) -name '*.h'))

.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
.SECONDARY:

# A line for each file, and on all processors unless -j was given. V=1 shows the commands; make -s shows nothing.
Q := $(if $(V),,@)
ifeq ($(MAKELEVEL),0)
ifneq (,$(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS)))))
export QUIET := 1
endif
endif
say = $(if $(V)$(QUIET),@:,@printf '  %-4s %s\n' '$(1)' '$(2)')
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
SUBMAKE = @+$(MAKE) --no-print-directory $(if $(V),,-s) $(JOBS)

build: ready ## builds build/release/malachite (default); V=1 shows the commands
	$(SUBMAKE) $(BUILD)/malachite $(BUILD)/malachite-faults.so

# Everything except the portal, for which node may still have to be installed.
objects: ready
	$(SUBMAKE) $(filter-out $(BUILD)/portal/%,$(OBJECTS))

writable:
	@mkdir -p build 2>/dev/null && test -w build || { echo "Malachite is built in build/ of its own checkout, and" \
		"'$(CURDIR)' is read-only. Copy it to a folder of yours and run make there." >&2; exit 1; }

# Compiler, tools and libraries; says what is missing and how to install it.
ready: writable
	@CC='$(CC)' scripts/setup.sh --check build

ready-unit: writable
	@CC='$(CC)' scripts/setup.sh --check build unit

ready-api: writable
	@CC='$(CC)' PYTHON='$(PYTHON)' scripts/setup.sh --check build api run

ready-lint: writable
	@CC='$(CC)' scripts/setup.sh --check build lint

$(BUILD)/malachite: $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Loaded into provisioned servers, so without sanitizers and without counters.
$(BUILD)/malachite-faults.so: preload/full_disk.c engine/instance/fault_page.h Makefile | ready
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -I. -O2 $(WARNINGS) -fPIC -fvisibility=hidden -g -shared -Wl,-z,relro,-z,now \
		-o $@ preload/full_disk.c -ldl

# The version is in few of them, but a wrong one in any would be a lie.
$(BUILD)/%.o: %.c Makefile VERSION | $(BUILD)/gen/schema.inc ready
	$(call say,CC,$*.o)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

# Of the last entry, and not of the build: the same sources give the same program.
$(BUILD)/app/manual.o: override CFLAGS += -DMALACHITE_DATE='"$(shell date -u -d "$$(sed -n 's/^ -- .*>  //p' \
	debian/changelog | head -n 1)" +%F)"'
$(BUILD)/app/manual.o: debian/changelog

$(BUILD)/portal/%.o: build/portal/%.c Makefile
	$(call say,CC,portal/$*.o)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

build/portal/files.c: $(PORTAL_SOURCES) build/portal/choice | ready
	$(call say,NODE,portal)
	$(Q)scripts/portal.sh $(PORTAL) $@

tests/portal/node_modules/.package-lock.json: tests/portal/package-lock.json
	$(Q)cd tests/portal && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || { echo "npm could not" \
		"fetch what the tests of the portal need; is its registry reachable?" >&2; exit 1; }
	$(Q)touch $@

# The numbered schema files, as one C string each.
$(BUILD)/gen/schema.inc: $(SCHEMA) store/sql2c.awk Makefile | ready
	@mkdir -p $(@D)
	$(Q)awk -f store/sql2c.awk $(SCHEMA) > $@

$(BUILD)/unit/%: tests/unit/%.c $(LIBRARY_OBJECTS) | ready-unit
	$(call say,TEST,$*)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -o $@ $< $(LIBRARY_OBJECTS) $(LDFLAGS) $(LDLIBS) -lcmocka

# An archive: a target takes the rooms that it needs, and counts no other edges.
build/fuzz/malachite.a: $(LIBRARY_OBJECTS)
	$(Q)rm -f $@ && ar rcs $@ $^

build/fuzz/targets/%: tests/fuzz/%.c tests/fuzz/fuzz.c build/fuzz/malachite.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer -MMD -MP -MF $@.d -o $@ tests/fuzz/fuzz.c $< build/fuzz/malachite.a $(LDLIBS)

# Injected allocation failures: in the whole program, and in requests without a socket.
$(BUILD)/memory/%.o: tests/memory/%.c Makefile | ready
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

# It runs before ASan itself does.
$(BUILD)/memory/failing.o: override CFLAGS += -fno-sanitize=all

$(BUILD)/memory/malachite: $(BUILD)/memory/failing.o $(OBJECTS)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/memory/requests: $(BUILD)/memory/requests.o $(BUILD)/memory/failing.o $(LIBRARY_OBJECTS)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

-include $(OBJECTS:.o=.d) $(UNIT_TESTS:=.d) $(FUZZ_TARGETS:=.d) $(wildcard $(BUILD)/memory/*.d)

# For root not in build/run: its servers run as the user postgres, who may not be able to reach the checkout.
run: build ## starts Malachite on 127.0.0.1:8080 with a data directory of its own: build/run, or /var/lib/malachite-run for root
	@data="$(CURDIR)/build/run"; test "$$(id -u)" != 0 || data=/var/lib/malachite-run; \
		exec $(BUILD)/malachite serve --data-dir "$$data"

# node is installed while the compiler works: nothing else waits for it.
demo: writable ## installs what is missing, builds, migrates a sample database between two real servers, keeps running
	@scripts/setup.sh build run
	@echo "Building Malachite and its portal"
	@+scripts/setup.sh portal & $(MAKE) --no-print-directory -s QUIET=1 objects; status=$$?; wait; exit $$status
	$(SUBMAKE) QUIET=1 build
	@scripts/demo.sh $(BUILD)/malachite

demo-stop: ## ends what make demo left running
	@scripts/demo-stop.sh

demo-clean: ## ends what make demo left running and removes its data
	@scripts/demo-stop.sh --clean

test: writable ## unit tests, black-box tests on real PostgreSQL, lint
	@scripts/setup.sh build run test
	@scripts/setup.sh portal || true
	@scripts/test.sh

test-unit: ready-unit ## unit tests only
	$(SUBMAKE) $(UNIT_TESTS)
	@scripts/unit.sh $(BUILD)/unit

test-api: ready-api build ## black-box tests only: the real binary, real PostgreSQL (ARGS goes to pytest)
	MALACHITE_BINARY="$(CURDIR)/$(BUILD)/malachite" $(PYTHON) -m pytest -q -n 2 -p no:cacheprovider --timeout 600 tests/api tests/lib $(ARGS)

test-clients: build ## installs the SDKs for JavaScript and Python, and newman, into build/clients and runs them (needs node 20 and npm)
	tests/clients/install.sh build/clients
	tests/clients/install-python.sh build/clients/python
	MALACHITE_BINARY="$(CURDIR)/$(BUILD)/malachite" $(PYTHON) -m pytest -q tests/api/testing/test_testing_page.py
	MALACHITE_BINARY="$(CURDIR)/$(BUILD)/malachite" $(PYTHON) -m pytest -rs tests/clients/test_javascript.py \
		tests/clients/test_newman.py tests/clients/test_testing_helpers.py $(ARGS)

test-portal: build tests/portal/node_modules/.package-lock.json ## the portal in Debian's Chromium, which is installed when it is missing; pictures in build/portal-screens (needs node 20 and npm; ARGS: files)
	scripts/setup.sh browser
	MALACHITE_BINARY="$(CURDIR)/$(BUILD)/malachite" MALACHITE_PORTAL_SCREENS="$(CURDIR)/build/portal-screens" \
		node tests/portal/run.mjs $(ARGS)

test-az: build ## installs Debian's azure-cli (large) when it is missing, and runs it
	tests/clients/install-az.sh
	MALACHITE_BINARY="$(CURDIR)/$(BUILD)/malachite" $(PYTHON) -m pytest -rs tests/clients/test_az.py $(ARGS)

image: build ## container images malachite:slim and malachite:latest in build/image (buildah, mmdebstrap)
	scripts/image.sh $(BUILD)/malachite

sbom: build ## the software bill of materials, build/sbom.spdx.json: SPDX 2.3, from dpkg's database and the portal's lock file
	@scripts/sbom.py program $(BUILD)/malachite > build/sbom.spdx.json.new && mv build/sbom.spdx.json.new build/sbom.spdx.json

package: build ## the Debian package, in build/package
	scripts/package.sh

test-image: ## runs the images of make image with runc (needs root, runc, skopeo, umoci)
	PYTHON='$(PYTHON)' tests/image/run.sh $(ARGS)

test-package: ## installs the package of make package in a minimal Debian 12, tries and purges it (needs root, mmdebstrap)
	tests/package/run.sh

test-fresh: ## the commands of the README on a pristine Debian 12 made with debootstrap (needs root; some minutes)
	tests/fresh/run.sh

asan: ready-unit ready-api ## unit and black-box tests under AddressSanitizer, with leaks, and UBSan; ARGS=smoke: the part of make test; else ARGS goes to pytest
	$(SUBMAKE) SAN=address,undefined sanitized
	@PYTHON='$(PYTHON)' scripts/sanitized.sh asan $(ARGS)

tsan: ready-unit ready-api ## the same under ThreadSanitizer
	$(SUBMAKE) SAN=thread sanitized
	@PYTHON='$(PYTHON)' scripts/sanitized.sh tsan $(ARGS)

sanitized: $(BUILD)/malachite $(BUILD)/malachite-faults.so $(UNIT_TESTS)

fuzz: ready-lint ## libFuzzer on the readers of foreign bytes, under ASan and UBSan: FUZZ_SECONDS=60 each, FUZZ_SEED, ARGS: targets
	$(SUBMAKE) FUZZ=1 $(FUZZ_TARGETS)
	@scripts/fuzz.sh $(ARGS)

torture-memory: ready-api ## each allocation of requests fails once, and those of a small migration by samples: MEMORY_MINUTES=5, MEMORY_SEED
	$(SUBMAKE) SAN=address,undefined build/address-undefined/memory/malachite build/address-undefined/memory/requests
	@PYTHON='$(PYTHON)' scripts/torture-memory.sh $(ARGS)

coverage: ready-unit ready-api build ## lines that unit tests and a choice of black-box tests run, per room, against tests/coverage/floors.txt
	$(SUBMAKE) COVERAGE=1 build/coverage/malachite $(UNIT_SOURCES:tests/unit/%.c=build/coverage/unit/%)
	@install $(BUILD)/malachite-faults.so build/coverage/
	@PYTHON='$(PYTHON)' scripts/coverage.sh $(ARGS)

lint: ready-lint build ## include rule, sizes, banned functions, words, format, clang-tidy, shellcheck, flake8, eslint, pages
	@tests/lint/run.sh

format: ready-lint ## formats C, Python and, with node 20 and npm, JavaScript
	clang-format -i $(SOURCES) $(HEADERS) $(UNIT_SOURCES) $(wildcard tests/unit/*.h tests/fuzz/*.[ch] tests/memory/*.[ch])
	black -q .
	tests/lint/javascript.sh --write

docs: build ## renews the generated pages in docs/
	scripts/docs.sh $(BUILD)/malachite

postgres: ## fetches PostgreSQL majors: make postgres MAJORS="12 16"
	@scripts/get-postgres.sh $(MAJORS)

pgclient: ## fetches pg_dump and pg_restore of a newer major: make pgclient MAJOR=17
	@scripts/get-pgclient.sh $(MAJOR)

bench: build ## measurements against the peers, on this machine
	tests/bench/run.sh $(BUILD)/malachite

install: build ## installs into $(PREFIX)/bin
	install -D -m 755 $(BUILD)/malachite "$(DESTDIR)$(PREFIX)/bin/malachite"
	install -D -m 644 $(BUILD)/malachite-faults.so "$(DESTDIR)$(PREFIX)/lib/malachite/malachite-faults.so"

uninstall: ## removes what install put there
	rm -f "$(DESTDIR)$(PREFIX)/bin/malachite" "$(DESTDIR)$(PREFIX)/lib/malachite/malachite-faults.so"

clean: ## removes build/
	rm -rf build

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: image package sbom build objects writable ready ready-unit ready-api ready-lint run demo demo-stop demo-clean test test-unit test-api test-clients \
	test-portal test-az test-fresh test-image test-package asan tsan sanitized fuzz torture-memory coverage lint format docs postgres pgclient bench install uninstall clean help
