#!/usr/bin/env bash
# Installs what is missing (through apt when root, else says what to install) and passes every check of the workspace:
# formatting, clippy, documentation, all tests and doc tests, both examples, an operation added to a copy, packaging,
# sanitizers on the C++, the oldest dependencies and Miri where a nightly toolchain has them.
#
#   tests/run.sh           what CI runs
#   tests/run.sh --long    more random cases, a whole hour of the serving workload, benchmarks
set -euo pipefail
cd "$(dirname "$0")/.."

long=false
case "${1-}" in
"") ;;
--long) long=true ;;
*)
    echo "usage: tests/run.sh [--long]" >&2
    exit 2
    ;;
esac

# step NAME: begins a step, and says how long it has been until here.
step() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

# need WHAT PACKAGE...: installs the Debian packages that bring a command, or a library of LLVM's, where it is missing.
need() {
    local what=$1
    shift
    case $what in
    lib*) compgen -G "/usr/lib/llvm-*/lib/$what.so*" >/dev/null && return ;;
    *) command -v "$what" >/dev/null && return ;;
    esac
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        step "installing $*"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
    else
        echo "$what is missing: install the packages $*" >&2
        exit 1
    fi
}
need cc gcc libc6-dev
need c++ g++
need ccache ccache
need libclang libclang-dev
for tool in cargo rustfmt cargo-clippy; do
    command -v "$tool" >/dev/null || {
        echo "$tool is missing: install Rust from https://rustup.rs (components rustfmt and clippy)" >&2
        exit 1
    }
done

# Nothing is built twice here, so that what would make that faster is not worth its time.
[ -z "${CI-}" ] || export CARGO_INCREMENTAL=0
# The simulation and its kernels compile without a warning; the same file with the same flags once, however many builds
# want it, of this folder or of a copy below it; kernels apart, whose sources lie where cargo builds them.
# Lines of the C++ are known, and nothing else of it that a debugger would ask: half the time, a fifth of what is linked.
export CXXFLAGS="-Werror -g1 ${CXXFLAGS-}" CXX="ccache ${CXX-c++}" CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

# One feature set, one profile and one target folder, so that each package is compiled once; what needs another comes last.
all=(--workspace --all-features --locked)

step "format"
cargo fmt --all --check

step "clippy"
# Links nothing, and its build scripts are none of the tests': the C++ can wait for these.
DOCS_RS=1 cargo clippy "${all[@]}" --all-targets -- -D warnings
cargo clippy -p ascend-cache-loc -p ascend-cache-loc-ref --all-targets --no-default-features --locked -- -D warnings

step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc "${all[@]}" --no-deps
RUSTDOCFLAGS="-D warnings" cargo doc -p ascend-cache-loc -p ascend-cache-loc-ref --no-deps --no-default-features --locked

step "tests"
if $long; then
    export PROPTEST_CASES=200000
fi
cargo test "${all[@]}" --all-targets 2>&1 | tee target/tests.txt
# It is left out where bindgen found no libclang.
grep -q "committed_bindings_are_current ... ok" target/tests.txt

step "documentation's tests"
cargo test "${all[@]}" --doc

step "tests without features"
cargo test -p ascend-cache-loc -p ascend-cache-loc-ref --no-default-features --locked
features=$(cargo tree -p ascend-cache-loc --no-default-features --locked --depth 0 -f '{f}' | sed -n 1p)
[ -z "$features" ] || { echo "what the tests use turns features on: $features" >&2; exit 1; }

step "examples"
# As the README has it, and with the simulation as the tests have built it.
cargo run --locked -p replay -- tests/cases/*.jsonl
cargo build "${all[@]}" --bins
target/debug/replay --backend sim tests/cases/*.jsonl
target/debug/serve_trace --backend sim --requests 200
target/debug/serve_trace --backend sim --requests 50 --draft-tokens 0
if $long; then
    target/debug/serve_trace --requests 12031
    cargo bench --locked -p ascend-cache-loc-benches
    need python3 python3
    tests/plant.py
else
    target/debug/serve_trace
fi

step "an operation more"
tests/toy/run.sh

step "packages"
# A checkout in work is checked as it is; apart from the other builds, which cargo would take its build script for. What
# cargo has unpacked and built of a version of our packages in an earlier run at this place, it would take again, whatever
# has changed.
rm -rf target/packages "${CARGO_HOME-$HOME/.cargo}"/registry/{src,cache}/-*/ascend-cache-loc*
CARGO_TARGET_DIR=target/packages CXXFLAGS="$CXXFLAGS -O0" cargo package -p ascend-cache-loc -p ascend-cache-loc-ref --features npu,sim,log \
    --allow-dirty --locked

step "sanitizers"
# The C++ instrumented, the Rust around it not: the runtimes come in by preloading. One line a finding, and a failure.
# Leaks are not looked for: tests forget an upload, and lose devices with what their streams hold, on purpose.
# What the steps above have shown of many values of one kind, seeds, large batches and the multiples of pages, takes the
# same instructions many times: with --long alone.
skipped=(--skip seeds --skip longest --skip balance)
$long || skipped+=(--skip sim::large --skip multiple)
host=$(rustc -vV | sed -n 's/^host: //p')
runner=CARGO_TARGET_$(tr 'a-z-' 'A-Z_' <<<"$host")_RUNNER
runtimes=$(c++ -print-file-name=libasan.so):$(c++ -print-file-name=libubsan.so)
tests=(--test sim_kernels --test device)
for file in tests/sim/tests/*.rs; do
    tests+=(--test "$(basename "$file" .rs)")
done
env ASCEND_CACHE_LOC_SANITIZE=address,undefined ASAN_OPTIONS=detect_leaks=0 \
    "$runner=env LD_PRELOAD=$runtimes" PROPTEST_CASES=500 \
    cargo test "${all[@]}" "${tests[@]}" -- "${skipped[@]}"
c++ -std=c++17 -O1 -g $CXXFLAGS -fsanitize=thread -I ascendc/sim tests/sim/threads/main.cpp \
    tests/sim/kernels/public/scale_flags.cpp ascendc/sim/{launch,engine/run}.cpp -o target/threads
target/threads

step "oldest dependencies"
# A user of the crate with the oldest of all that its manifest permits; of bindgen that is one version.
if cargo +nightly --version >/dev/null 2>&1; then
    user=target/oldest
    mkdir -p "$user/src"
    : >"$user/src/lib.rs"
    cat >"$user/Cargo.toml" <<'END'
package = { name = "oldest", edition = "2024" }
dependencies.ascend-cache-loc = { path = "../..", features = ["npu", "sim", "log"] }
workspace = {}
END
    cargo +nightly update -Zminimal-versions --manifest-path "$user/Cargo.toml"
    CARGO_TARGET_DIR=$user cargo check --manifest-path "$user/Cargo.toml"
else
    echo "SKIPPED: no nightly toolchain"
fi

step "Miri"
if cargo miri --version >/dev/null 2>&1; then
    PROPTEST_CASES=16 cargo miri test -p ascend-cache-loc-ref
else
    echo "SKIPPED: cargo miri is not installed"
fi

step "all passed"
