#!/bin/sh
# exports.lds is what generate_exports makes of entry_points.inc: GENERATE_EXPORTS ENTRIES EXPORTS.
set -eu
"$1" "$2" | diff "$3" - && exit 0
echo "Run: shim/generate_exports shim/entry_points.inc > shim/exports.lds" >&2
exit 1
