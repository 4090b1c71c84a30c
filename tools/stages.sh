# SPDX-License-Identifier: Apache-2.0
# What tools/check, tools/test and .ci/run have in common: named and timed stages, builds, labels of
# tests. A stage that fails ends the script that sourced this.

jobs=${SLUICE_JOBS:-$(nproc)}

# stage NAME COMMAND…: a heading, the command, its duration.
stage() {
  local name=$1 start=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  # No 'if' around the call: that would switch off 'set -e' inside it.
  stage_name=$name
  "$@"
  stage_name=
  printf -- '-- %s: %d s\n' "$name" $((SECONDS - start))
}

stage_name=
report_end() {
  local status=$?
  if [ "$status" -ne 0 ] && [ -n "$stage_name" ]; then
    printf '\n== failed: %s\n' "$stage_name" >&2
  fi
  exit "$status"
}
trap report_end EXIT

# Labels of what runs under the address and undefined behaviour sanitizers.
sanitized=(unit contract conformance sim fuzz)

# The sanitizer build carries the fuzz targets as soon as there are any.
sanitizer_preset() {
  if [ -e tests/fuzz/CMakeLists.txt ]; then echo fuzz; else echo asan; fi
}

# build PRESET [-DOPTION=…] [TARGET…]: configures, then builds all or only the targets.
build() {
  local preset=$1 options=()
  shift
  while [[ ${1:-} == -D* ]]; do options+=("$1"); shift; done
  cmake --preset "$preset" "${options[@]}" --log-level=WARNING >/dev/null
  nice ninja -C "build/$preset" -j "$jobs" --quiet "$@"
}

# has_label PRESET LABEL: whether the build has tests of this label.
has_label() {
  ctest --test-dir "build/$1" -N -L "^$2\$" 2>/dev/null | grep -E 'Test +#[0-9]+:' >/dev/null
}

# Leaves out what passed: of thousands of tests only the others are worth a line.
shorten() {
  sed -uE '/^ +Start +[0-9]+: /d; /Test +#[0-9]+: .* Passed +[0-9.]+ sec$/d'
}

# Names the tests that ctest skipped or could not run and, in the release build, the Python tests
# inside one of ctest's that were skipped (what is too slow for a sanitizer may be, there).
skipped() {
  local log="build/$1/Testing/Temporary/LastTest.log" found=1
  if grep -E '\*\*\*(Skipped|Not Run)' "$2"; then found=0; fi
  if [ "$1" = release ] && awk '/^[0-9]+\/[0-9]+ Test: / {name = $3}
          /^(OK|FAILED) \(.*skipped=/ {print name ": " $0; n++} END {exit !n}' "$log"; then
    found=0
  fi
  return "$found"
}

# run_tests PRESET [LABEL…]: all tests, or those of the labels that exist. A run without any test
# fails; where SLUICE_REQUIRE_PEERS is set, so does a skipped test. Appends "passed failed" to the
# file that SLUICE_TEST_COUNTS names.
run_tests() {
  local preset=$1 label pattern=() selection=() output status=0
  shift
  for label in "$@"; do
    if has_label "$preset" "$label"; then pattern+=("^$label\$"); fi
  done
  if [ "$#" -gt 0 ]; then
    [ "${#pattern[@]}" -gt 0 ] || { echo "no test has a label of: $*"; return 1; }
    selection=(-L "$(IFS='|'; echo "${pattern[*]}")")
    echo "labels: ${pattern[*]//[\^\$]/}"
  fi
  output=$(mktemp)
  ctest --test-dir "build/$preset" -j "$jobs" --output-on-failure --no-tests=error \
    "${selection[@]}" 2>&1 | tee "$output" | shorten || status=1
  if [ -n "${SLUICE_REQUIRE_PEERS:-}" ] && skipped "$preset" "$output"; then
    echo "tests were skipped, which SLUICE_REQUIRE_PEERS forbids"
    status=1
  fi
  if [ -n "${SLUICE_TEST_COUNTS:-}" ]; then
    sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests? failed out of ([0-9]+)$/\2 \1/p' "$output" |
      awk '{print $1 - $2, $2}' >>"$SLUICE_TEST_COUNTS"
  fi
  rm -f "$output"
  return "$status"
}
