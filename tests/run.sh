#!/usr/bin/env bash
# Installs what is missing (through apt when root, else says what to install) and passes every check of the workspace:
# formatting, clippy, all tests and doc tests, documentation, packaging, both examples, Miri where it is present.
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

step() { printf '\n== %s\n' "$*"; }

# need COMMAND PACKAGE...: installs the Debian packages that bring a command, where it is missing.
need() {
    local command=$1
    shift
    command -v "$command" >/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        step "installing $*"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
    else
        echo "$command is missing: install the packages $*" >&2
        exit 1
    fi
}
need cc gcc libc6-dev
for tool in cargo rustfmt cargo-clippy; do
    command -v "$tool" >/dev/null || {
        echo "$tool is missing: install Rust from https://rustup.rs (components rustfmt and clippy)" >&2
        exit 1
    }
done

step "format"
cargo fmt --all --check

step "clippy"
cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
cargo clippy --workspace --all-targets --no-default-features --locked -- -D warnings

step "tests"
if $long; then
    export PROPTEST_CASES=200000
fi
cargo test --workspace --all-targets --all-features --locked
cargo test --workspace --doc --all-features --locked
cargo test --workspace --no-default-features --locked

step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features --locked
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --no-default-features --locked

step "packages"
# A checkout in work is checked as it is.
cargo package --workspace --allow-dirty --locked

step "examples"
cargo run --release --locked --example replay -- tests/cases/*.jsonl
if $long; then
    cargo run --release --locked --example serve_trace -- --requests 12031
    cargo bench --locked
else
    cargo run --release --locked --example serve_trace
fi

step "Miri"
if cargo miri --version >/dev/null 2>&1; then
    PROPTEST_CASES=16 cargo miri test -p ascend-cache-loc-ref
else
    echo "SKIPPED: cargo miri is not installed"
fi

step "all passed"
