#!/usr/bin/env bash
# Random code addresses of libc6-dbg, of a C++ and of a Rust program: equal to llvm-symbolizer 19 in function, file, line
# and inline depth, or explained. Writes tests/proofs/results/lookups.md; with SAMPLE=1 it takes 300 addresses a file and
# writes nothing.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
. tests/env/tools.sh
need g++ g++
need rustc rustc
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
n=${N:-10000}; [ -z "${SAMPLE:-}" ] || n=300
g++ -O2 -g -std=c++20 -static-libstdc++ -pthread tests/proofs/src/lookups.cpp -o "$work/cpp-gcc"
rustc -O -g --edition 2021 -C strip=none tests/proofs/src/lookups.rs -o "$work/rust" 2>"$work/rustc.log" || { cat "$work/rustc.log"; exit 1; }
files=("$work/cpp-gcc" "$work/rust")
if command -v clang++-19 >/dev/null; then
  clang++-19 -O2 -g -std=c++20 -pthread tests/proofs/src/lookups.cpp -o "$work/cpp-clang" && files+=("$work/cpp-clang")
fi
# the debug file of the C library itself: the largest of the package
libc=$(find /usr/lib/debug/.build-id -name '*.debug' -printf '%s %p\n' | sort -rn | head -1 | cut -d' ' -f2)
cp "$libc" "$work/libc6-dbg"; files+=("$work/libc6-dbg")
if [ -n "${SAMPLE:-}" ]; then python3 tests/proofs/lookups.py -n "$n" "${files[@]}"; exit; fi
{
  echo "# Random addresses against llvm-symbolizer"
  echo
  echo "Made by \`tests/proofs/lookups.sh\` at commit $(git rev-parse --short HEAD), seed 1; classes are explained in docs/accuracy.md."
  echo
  for tool in "llvm-symbolizer-19 --version" "g++ --version" "clang++-19 --version" "rustc --version"; do
    echo "- $($tool 2>/dev/null | grep -m1 -E '[0-9]+\.[0-9]+' | sed 's/^ *//')"
  done
  echo "- libc6-dbg $(dpkg-query -W -f '${Version}' libc6-dbg)"
  echo
  python3 tests/proofs/lookups.py --markdown -n "$n" "${files[@]}"
} >tests/proofs/results/lookups.md
tail -n 1 tests/proofs/results/lookups.md
