#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a fuzz target the same way each time, wherever it is: one seed, a number of runs, its kept
# inputs in the order of their names, and nothing that depends on where the program was loaded
# (-use_cmp=0 -entropic=0: what is compared or measured may be an address).
#
# Usage: smoke.sh PROGRAM RUNS FOLDER INPUTS…     what it writes is in FOLDER
set -eu
program=$1 runs=$2 folder=$3
shift 3
rm -rf "$folder"
mkdir -p "$folder/found"
find "$@" -type f | LC_ALL=C sort | tr '\n' ',' | sed 's/,$//' >"$folder/inputs"
exec "$program" -seed=1 -runs="$runs" -use_cmp=0 -entropic=0 -reload=0 \
  -max_len=512 -timeout=60 -rss_limit_mb=1024 -artifact_prefix="$folder/" \
  -seed_inputs="@$folder/inputs" "$folder/found"
