#!/usr/bin/env bash
# Compares ascendc/acl_api.h with AscendCL's own headers: every member of AclApi has the type of the function it is
# named after, every constant the real value, every type the real size. Fetches nothing.
#
#   tests/acl_headers.sh DIRECTORY...     directories that hold acl/acl.h, such as $ASCEND_HOME_PATH/include
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 0 ] || {
    echo "usage: tests/acl_headers.sh DIRECTORY...   (each holds acl/acl.h)" >&2
    exit 2
}
# One assertion for each member and each constant, by their names in our header, so that none can be forgotten.
assertions=$(mktemp --suffix=.h)
trap 'rm -f "$assertions"' EXIT
sed -nE 's/^    [a-zA-Z ]+\*?\(\*(acl\w+)\)\(.*/SAME_FUNCTION(\1)/p
         s/^    ASCEND_CACHE_LOC_(ACL_\w+) = .*/SAME_VALUE(\1)/p' "$root/ascendc/acl_api.h" >"$assertions"
functions=$(grep -c FUNCTION "$assertions") values=$(grep -c VALUE "$assertions")
[ "$functions" = "$(grep -c '(\*acl' "$root/ascendc/acl_api.h")" ] || {
    echo "a member of AclApi is written in a form that this script does not read" >&2
    exit 1
}
failed=0
for directory in "$@"; do
    version=$(sed -nE 's/^#define ACL_M(AJOR|INOR)_VERSION +([0-9]+).*/\2/p' "$directory"/acl/acl_rt.h "$directory"/acl/acl_base*.h | head -2 | paste -sd.)
    if "${CXX:-c++}" -std=c++17 -fsyntax-only -Wno-deprecated-declarations -I "$directory" -I "$directory/acl" \
        -DASSERTIONS="\"$assertions\"" -DACL_API="\"$root/ascendc/acl_api.h\"" "$root/tests/acl_headers.cpp"; then
        echo "$directory: AscendCL ${version:-of unknown version}: $functions functions, $values constants as declared"
    else
        echo "$directory: AscendCL ${version:-of unknown version}: DIFFERENT" >&2
        failed=1
    fi
done
exit $failed
