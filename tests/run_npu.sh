#!/usr/bin/env bash
# Everything that needs an Ascend NPU, on device 0 of this machine: what is installed, the kernels compiled by CANN, a
# bring-up ladder of small kernels, the test suite, measurements. Stops at the first difference. All of it goes into one
# report, to be sent back whether it passed or not: an issue of this repository is a good place.
#
#   tests/run_npu.sh [REPORT]    target/npu-report.txt where none is named
#
# CANN 8.5.0 or later, its set_env.sh sourced. Another device than the first: ASCEND_RT_VISIBLE_DEVICES.
set -euo pipefail
if [ $# -gt 1 ] || [[ ${1-} == -* ]]; then
    echo "usage: tests/run_npu.sh [REPORT]" >&2
    exit 2
fi
[ $# -eq 0 ] || report=$(realpath -m -- "$1")
cd "$(dirname "$0")/.."
report=${report-$PWD/target/npu-report.txt}
mkdir -p "$(dirname "$report")"
: >"$report"

step=start
step() {
    step=$1
    printf '\n== %s\n' "$step" | tee -a "$report"
}
ended() {
    local code=$?
    if [ $code = 0 ]; then
        printf '\n== all passed\n' | tee -a "$report"
    else
        printf '\n== FAILED at: %s\n' "$step" | tee -a "$report"
    fi
    echo "report: $report"
}
trap ended EXIT

# shown COMMAND...: what it prints goes into the report too.
shown() { "$@" 2>&1 | tee -a "$report"; }
# fact NAME COMMAND...: one line, or what the command says of why there is none.
fact() {
    local name=$1 text
    shift
    text=$("$@" 2>&1 | head -n 1) || true
    printf '%-9s %s\n' "$name" "$text" | tee -a "$report"
}

step "versions"
fact date date -u +%Y-%m-%dT%H:%M:%SZ
fact commit git -c safe.directory='*' describe --always --dirty
fact machine uname -srm
fact cpus nproc
fact rustc rustc -V
fact CANN echo "${ASCEND_HOME_PATH-ASCEND_HOME_PATH is not set}"
# The line of that name: innerversion= and others may come before it.
for file in "${ASCEND_HOME_PATH-/nowhere}"/{*-linux/ascend_toolkit_install.info,version.cfg,share/info/runtime/version.info} \
    /usr/local/Ascend/driver/version.info; do
    [ ! -f "$file" ] || fact "" grep -H -i -m 1 -E '^ *(version|\w+_running_version) *=' "$file"
done
if command -v bisheng >/dev/null; then fact bisheng bisheng --version; fi
if command -v npu-smi >/dev/null; then shown npu-smi info || true; fi

step "build"
# Warnings of CANN's compiler are part of it. One feature set everywhere, so that the crate is built once.
npu=(--release --locked --features npu)
shown cargo build "${npu[@]}" -p ascend-cache-loc -p ascend-cache-loc-hardware --lib --bins --examples
# Where this fails the ladder tells why.
shown cargo run --quiet "${npu[@]}" --example device_info || true

step "ladder"
shown cargo run --quiet "${npu[@]}" -p ascend-cache-loc-hardware -- ladder

step "suite"
shown cargo test "${npu[@]}" --test npu -- --ignored --test-threads=1

step "measurements"
shown cargo run --quiet "${npu[@]}" -p ascend-cache-loc-hardware -- measure

# What the crate plans launches with on this device: ASCEND_CACHE_LOC_TUNING=that file.
step "tuning"
shown cargo run --quiet "${npu[@]}" -p ascend-cache-loc-hardware -- tune --to "${report%.txt}-tuning.txt"
