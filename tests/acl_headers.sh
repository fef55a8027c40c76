#!/usr/bin/env bash
# Compares what the crate says of AscendCL with AscendCL's own headers: every member of AclApi in ascendc/abi/acl_api.h has the
# type of the function it is named after, every constant there the real value, every type the real size, and every return
# code of the runtime is named there (src/acl/codes.rs has a class for each). Fetches nothing.
#
# Functions and constants that are newer than 8.5.0-beta.1 say so (src/acl/functions.rs; `since` in ascendc/abi/acl_api.h).
# They may be absent from older headers, but where one is there, nothing older may be absent.
#
#   tests/acl_headers.sh DIRECTORY...     directories that hold acl/acl.h, such as $ASCEND_HOME_PATH/include
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
header=$root/ascendc/abi/acl_api.h
cxx=${CXX:-c++}
[ $# -gt 0 ] || {
    echo "usage: tests/acl_headers.sh DIRECTORY...   (each holds acl/acl.h)" >&2
    exit 2
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# FUNCTION or VALUE, name, since; one line for each, so that none can be forgotten.
sed -nE 's/^ +(required|optional) (acl\w+)\(.*"([^"]+)";$/FUNCTION \2 \3/p' "$root/src/acl/functions.rs" >"$work/known"
sed -nE 's/^    ASCEND_CACHE_LOC_(ACL_\w+) = [^,]+,? \/\* since (\S+) \*\/$/VALUE \1 \2/p
         s/^    ASCEND_CACHE_LOC_(ACL_\w+) = [^, ]+,?$/VALUE \1 8.5.0-beta.1/p' "$header" >>"$work/known"
counted() { grep -c "^$1 " "$work/$2" || true; }
[ "$(counted FUNCTION known)" = "$(grep -c '(\*acl' "$header")" ] &&
    [ "$(counted VALUE known)" = "$(grep -cE '^ +ASCEND_CACHE_LOC_ACL_\w+ =' "$header")" ] || {
    echo "src/acl/functions.rs or ascendc/abi/acl_api.h has a line in a form that this script does not read" >&2
    exit 1
}

# The newer (or, with -r, the older) end of a list of versions; a pre-release comes before its release.
end() { sed 's/-/~/' | sort -V "$@" | tail -1 | sed 's/~/-/'; }

# What the headers in a directory lack; prints the lines of `known`.
absent() {
    local kind name since
    while read -r kind name since; do
        grep -qrw --include='*.h' "$name" "$1/acl" || echo "$kind $name $since"
    done <"$work/known"
}

compared() {
    local directory=$1 present_end absent_end missed
    absent "$directory" >"$work/absent"
    grep -vxFf "$work/absent" "$work/known" >"$work/present" || true
    present_end=$(cut -d' ' -f3 "$work/present" | end)
    absent_end=$(cut -d' ' -f3 "$work/absent" | end -r)
    if [ -s "$work/absent" ] && [ "$(printf '%s\n' "$present_end" "$absent_end" | end)" = "$present_end" ]; then
        echo "lacks what headers of $present_end have:" && sed 's/^/  /' "$work/absent"
        return 1
    fi
    sed -E 's/^FUNCTION (\S+) .*/SAME_FUNCTION(\1)/; s/^VALUE (\S+) .*/SAME_VALUE(\1)/' "$work/present" >"$work/present.h"
    "$cxx" -std=c++17 -fsyntax-only -Wno-deprecated-declarations -I "$directory" -I "$directory/acl" \
        -DASSERTIONS="\"$work/present.h\"" -DACL_API="\"$header\"" "$root/tests/acl_headers.cpp" || return
    # The other way round: codes that we have no name for.
    "$cxx" -E -dM "$directory/acl/error_codes/rt_error_codes.h" >"$work/macros" || return
    missed=$(sed -nE 's/^#define (ACL_ERROR_\w+) [0-9]+$/\1/p' "$work/macros" | sort |
        comm -23 - <(sed -nE 's/^VALUE (\S+) .*/\1/p' "$work/known" | sort))
    [ -z "$missed" ] || { echo "codes without a name in ascendc/abi/acl_api.h:" && sed 's/^/  /' <<<"$missed" && return 1; }
}

failed=0
for directory in "$@"; do
    version=$(sed -nE 's/^#define ACL_M(AJOR|INOR)_VERSION +([0-9]+).*/\2/p' "$directory"/acl/acl_rt.h "$directory"/acl/acl_base*.h | head -2 | paste -sd.)
    if compared "$directory" >&2; then
        echo "$directory: AscendCL ${version:-of unknown version}: $(counted FUNCTION present) functions, $(counted VALUE present) constants as declared, $(wc -l <"$work/absent") newer"
    else
        echo "$directory: AscendCL ${version:-of unknown version}: DIFFERENT" >&2
        failed=1
    fi
done
exit $failed
