#!/usr/bin/env bash
# The minidump fixtures as Breakpad, LLVM and gdb see them: same threads, registers, modules, exception. Writes
# results/dump-readers.md and the oracles of the reader's tests, fixtures/oracle/*.readers.json; with SAMPLE=1 it writes nothing.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
. tests/env/tools.sh
need obj2yaml-19 llvm-19
need npm npm
version=0.26.0 # of the npm package "minidump", which carries Breakpad's tools
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "minidump@$version" >/dev/null && tar xf minidump-*.tgz)
tools=$work/package/bin/linux-x64
if [ -n "${SAMPLE:-}" ]; then
  python3 tests/proofs/dump-readers.py "$tools/minidump_dump" "$tools/minidump_stackwalk" obj2yaml-19
  exit
fi
mkdir -p tests/proofs/results
table=$(python3 tests/proofs/dump-readers.py "$tools/minidump_dump" "$tools/minidump_stackwalk" obj2yaml-19 --record tests/fixtures/oracle) || status=$?
{
  echo "# Minidump fixtures in independent readers"
  echo
  echo "Made by \`tests/proofs/dump-readers.sh\`. Threads, program counters, modules and the exception are compared between"
  echo "Breakpad's minidump_dump, LLVM's obj2yaml and gdb on the original core; registers are all there in Breakpad's reading;"
  echo "frames: minidump_stackwalk without symbols meets the program's own frames of gdb in their order. For the dumps of"
  echo "Windows programs the emulator that stopped them stands in for gdb, and frames are the first ones of all threads."
  echo
  echo "- Breakpad of the npm package minidump $version"
  echo "- $(obj2yaml-19 --version | grep -m1 -E 'version [0-9]' | sed 's/^ *//')"
  echo "- $(gdb --version | head -1)"
  echo
  echo "$table"
} >tests/proofs/results/dump-readers.md
tail -n 1 tests/proofs/results/dump-readers.md
exit "${status:-0}"
