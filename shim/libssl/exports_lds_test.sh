#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A version script is what generate_exports makes of entry_points.inc for one libssl: GENERATE_EXPORTS ENTRIES LIBSSL EXPORTS.
set -eu
"$1" "$2" "$3" | diff "$4" - && exit 0
echo "Run: shim/libssl/generate_exports shim/libssl/entry_points.inc $3 > $4" >&2
exit 1
