#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# exports.lds is what generate_exports makes of entry_points.inc: GENERATE_EXPORTS ENTRIES EXPORTS.
set -eu
"$1" "$2" | diff "$3" - && exit 0
echo "Run: shim/libssl/generate_exports shim/libssl/entry_points.inc > shim/libssl/exports.lds" >&2
exit 1
