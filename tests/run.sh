#!/usr/bin/env bash
# Installs what is missing (through apt when root, else says what to install) and passes every check of the workspace:
# formatting, clippy, bindings, all tests and doc tests, sanitizers on the C++, documentation, packaging, both examples,
# the oldest dependencies and Miri where a nightly toolchain has them.
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
need libclang libclang-dev
for tool in cargo rustfmt cargo-clippy; do
    command -v "$tool" >/dev/null || {
        echo "$tool is missing: install Rust from https://rustup.rs (components rustfmt and clippy)" >&2
        exit 1
    }
done

# The simulation and its kernels compile without a warning.
export CXXFLAGS="-Werror ${CXXFLAGS-}"

step "format"
cargo fmt --all --check

step "clippy"
cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
cargo clippy -p ascend-cache-loc -p ascend-cache-loc-ref --all-targets --no-default-features --locked -- -D warnings

step "bindings"
tested=$(cargo test --lib --all-features --locked committed_bindings_are_current)
printf '%s\n' "$tested"
grep -q "1 passed" <<<"$tested"

step "tests"
if $long; then
    export PROPTEST_CASES=200000
fi
cargo test --workspace --all-targets --all-features --locked
cargo test --workspace --doc --all-features --locked
cargo test -p ascend-cache-loc -p ascend-cache-loc-ref --no-default-features --locked
tests/toy/run.sh
features=$(cargo tree -p ascend-cache-loc --no-default-features --locked --depth 0 -f '{f}' | sed -n 1p)
[ -z "$features" ] || { echo "what the tests use turns features on: $features" >&2; exit 1; }

step "sanitizers"
# The C++ instrumented, the Rust around it not: the runtimes come in by preloading. One line a finding, and a failure.
host=$(rustc -vV | sed -n 's/^host: //p')
runner=CARGO_TARGET_$(tr 'a-z-' 'A-Z_' <<<"$host")_RUNNER
runtimes=$(c++ -print-file-name=libasan.so):$(c++ -print-file-name=libubsan.so)
sanitized() {
    env CXXFLAGS="$CXXFLAGS -g -fsanitize=address,undefined -fno-sanitize-recover=all" \
        RUSTFLAGS="-Clink-arg=-lasan -Clink-arg=-lubsan" "$runner=env LD_PRELOAD=$runtimes" \
        CARGO_TARGET_DIR=target/sanitizers PROPTEST_CASES=500 cargo test --target "$host" --locked "$@"
}
sanitized -p ascend-cache-loc-sim-tests --test '*'
sanitized -p ascend-cache-loc --features sim --test sim_kernels --test device -- --skip seeds --skip longest --skip balance
c++ -std=c++17 -O1 -g $CXXFLAGS -fsanitize=thread -I ascendc/sim tests/sim/threads/main.cpp \
    tests/sim/kernels/public/scale_flags.cpp ascendc/sim/{launch,engine/run}.cpp -o target/sanitizers/threads
target/sanitizers/threads

step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features --locked
RUSTDOCFLAGS="-D warnings" cargo doc -p ascend-cache-loc -p ascend-cache-loc-ref --no-deps --no-default-features --locked

step "packages"
# A checkout in work is checked as it is; apart from the other builds, which cargo would take its build script for.
CARGO_TARGET_DIR=target/packages cargo package -p ascend-cache-loc -p ascend-cache-loc-ref --all-features --allow-dirty --locked

step "examples"
cargo run --release --locked -p replay -- tests/cases/*.jsonl
cargo run --release --locked -p replay --features sim -- --backend sim tests/cases/*.jsonl
cargo run --release --locked -p serve_trace --features sim -- --backend sim --requests 200
if $long; then
    cargo run --release --locked -p serve_trace -- --requests 12031
    cargo bench --locked
    need python3 python3
    tests/plant.py
else
    cargo run --release --locked -p serve_trace
fi

step "oldest dependencies"
# A user of the crate with the oldest of all that its manifest permits.
if cargo +nightly --version >/dev/null 2>&1; then
    user=target/oldest
    mkdir -p "$user/src"
    : >"$user/src/lib.rs"
    cat >"$user/Cargo.toml" <<'END'
package = { name = "oldest", edition = "2024" }
dependencies.ascend-cache-loc = { path = "../..", features = ["npu", "sim", "log", "bindgen"] }
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
