#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What reads manual pages reads ours without a warning, and shows them: man_pages_test.sh PAGE...
set -u
num_faults=0
num_checkers=0

# check NAME COMMAND...: the command, with the page behind it, says nothing on either output.
check() {
  local name=$1 said
  shift
  said=$("$@" "$page" 2>&1)
  local status=$?
  [[ $status -eq 0 && -z $said ]] && return
  printf '%s: %s says (exit status %d):\n%s\n' "$page" "$name" "$status" "$said"
  num_faults=$((num_faults + 1))
}

# What man makes of it goes nowhere, what it warns of stays.
warnings_of_man() { LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$1" >/dev/null; }
shown_by_man() { LC_ALL=C.UTF-8 MANWIDTH=80 man -l "$1" 2>/dev/null; }

for checker in groff mandoc man; do
  if ! command -v $checker >/dev/null; then
    echo "NOT CHECKED by $checker, which is not installed."
    continue
  fi
  num_checkers=$((num_checkers + 1))
  for page in "$@"; do
    case $checker in
      groff) check groff groff -man -Tutf8 -ww -z ;;
      mandoc) check mandoc mandoc -T lint ;;
      man)
        check man warnings_of_man
        name=$(basename "$page")
        heading=$(tr '[:lower:]' '[:upper:]' <<<"${name%.*}")'('${name##*.}')'
        shown_by_man "$page" | grep -qF "$heading" || {
          echo "$page: man does not show it as $heading"
          num_faults=$((num_faults + 1))
        }
        ;;
    esac
  done
done

# Each is one of ours or names its section.
for page in "$@"; do
  name=$(basename "$page")
  grep -q "^\.TH $(tr '[:lower:]' '[:upper:]' <<<"${name%.*}") ${name##*.} " "$page" || {
    echo "$page: its .TH has another name or section"
    num_faults=$((num_faults + 1))
  }
  while read -r reference; do
    [[ " $* " == *"/${reference/ (/.} "* ]] || {
      echo "$page: refers to ${reference/ /}), which is no page of ours"
      num_faults=$((num_faults + 1))
    }
  done < <(sed -n '/^\.SH SEE ALSO/,$s/^\.BR \(.*dtls13.*\) (\([1-8]\)).*/\1 (\2/p' "$page" | sed 's/\\-/-/g')
done

((num_checkers > 0)) || echo "SKIPPED: neither groff, mandoc nor man is installed"
((num_faults == 0))
