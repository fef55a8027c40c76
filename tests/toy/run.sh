#!/usr/bin/env bash
# Adds an operation to a copy of the workspace by adding files alone, and runs it through the suite, replay and the
# simulated device. Fails where that takes an edit of more than one line in each of the three roots; shows that the build
# refuses what would go wrong silently.
set -euo pipefail
cd "$(dirname "$0")/../.."
workspace=$PWD copy=$PWD/target/toy
export CARGO_TARGET_DIR=$PWD/target
# One small kernel runs here, and all are compiled again.
export CXXFLAGS="${CXXFLAGS-} -O0"

say() { printf -- '-- %s\n' "$*"; }
# refuses WHAT COMMAND...: the command fails, and says WHAT.
refuses() {
    local what=$1 said
    shift
    if said=$("$@" 2>&1); then
        echo "not refused: $what" >&2
        exit 1
    fi
    grep -qF "$what" <<<"$said" || { printf 'refused, but not with "%s":\n%s\n' "$what" "$said" >&2; exit 1; }
    say "refused: $what"
}

# Files that are unchanged keep their times, so that a copy that was built before is not built again.
mkdir -p "$copy"
git ls-files -z --cached --others --exclude-standard | tar --null -T - --ignore-failed-read -cf - | tar -xf - -C "$copy"
cp -R tests/toy/files/. "$copy"
cd "$copy"
# Another version: with that of the workspace, cargo would take the copy's packages for the workspace's own.
sed -i 's/"\(=\?\)\([0-9.]*\)"\(, path = "cpu_ref"\)/"\1\2-toy"\3/; /^\[workspace.package\]/,/^$/s/^version = "\(.*\)"/version = "\1-toy"/' Cargo.toml
awk 'BEGIN { RS = ""; ORS = "\n\n" } /^\[\[package/ && !/\nsource = / { sub(/\nversion = "[^"]*/, "&-toy") } { print }' \
    Cargo.lock >Cargo.lock.toy && mv Cargo.lock.toy Cargo.lock

refuses "ascendc/ops/fill: src/ops/mod.rs has no line \`mod fill;\`" cargo check -q --locked

for root in src cpu_ref/src tests; do
    echo 'mod fill; pub use fill::*;' >>"$root/ops/mod.rs"
done

# The committed bindings, made anew. Where they are in the target folder only cargo knows.
renew() {
    cargo check -q --features bindgen --locked --message-format=json |
        sed -n 's/.*#ascend-cache-loc@.*"out_dir":"\([^"]*\)".*/\1/p' | tail -n 1
}
sed -i 's/_FILL_ID 4242/_FILL_ID 1/' ascendc/ops/fill/params.h
refuses "two operations have the same id" cargo check -q --features bindgen --locked
sed -i 's/_FILL_ID 1$/_FILL_ID 4242/' ascendc/ops/fill/params.h
out=$(renew)
cp "$out/abi.rs" src/abi/bindings.rs

say "the suite"
ASCEND_CACHE_LOC_SUITE=fill cargo test -q --features sim --locked --test cpu_ref --test sim_kernels -- cpu:: sim::
say "replay"
cargo run -q --locked -p replay --features sim -- tests/cases/fill.jsonl
cargo run -q --locked -p replay --features sim -- --backend sim tests/cases/fill.jsonl

touched=$(cd "$workspace" && git ls-files --cached --others --exclude-standard -- ":!Cargo.*" | while read -r file; do
    cmp -s "$file" "$copy/$file" || echo "$file"
done)
expected='cpu_ref/src/ops/mod.rs
src/abi/bindings.rs
src/ops/mod.rs
tests/ops/mod.rs'
[ "$touched" = "$expected" ] || { printf 'existing files touched:\n%s\n' "$touched" >&2; exit 1; }
say "files added: $(cd "$workspace/tests/toy/files" && find . -type f | wc -l); lines added to existing ones: 3; bindings made anew"
