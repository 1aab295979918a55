#!/usr/bin/env bash
# Measures conversion, lookup and minidumps; writes results/<cpu>/*.md. Run it on a quiet machine.
#   run.sh [lookup] [build] [minidump] [convert] [pdb] [service]     default: all
#   SYMBOLICATOR_BENCH_FILE   debug file of lookup and build; default: that of the C library
#   PDB_FILES                 PDBs of pdb besides the synthetic one, such as those that tests/proofs/pdb-lookups.sh fetches
#   BENCH_ARGS                for BenchmarkDotNet, such as "--job short"
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. tests/env/tools.sh
parts=("$@"); [ ${#parts[@]} -gt 0 ] || parts=(lookup build minidump convert pdb service)
cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1 | tr -c 'A-Za-z0-9\n' '-' | sed 's/--*/-/g; s/-$//')
out=benchmarks/results/${cpu:-unknown}; mkdir -p "$out"
for p in benchmarks/Symbolicator.Benchmarks src/Symbolicator.Cli src/Symbolicator.Service; do
  dotnet build -c Release -v quiet -nologo "$p"
done

if [ -z "${SYMBOLICATOR_BENCH_FILE:-}" ]; then
  SYMBOLICATOR_BENCH_FILE=$(find /usr/lib/debug/.build-id -name '*.debug' -printf '%s %p\n' | sort -rn | head -1 | cut -d' ' -f2)
  input="libc6-dbg $(dpkg-query -W -f '${Version}' libc6-dbg), libc.so.6"
fi
export SYMBOLICATOR_BENCH_FILE

bench() { # CLASS NAME
  dotnet run -c Release --no-build --project benchmarks/Symbolicator.Benchmarks -- \
    --filter "*$1*" --join --exporters github ${BENCH_ARGS:-} --artifacts "artifacts/benchmarks/$2" >"artifacts/$2.log" 2>&1 || { tail -20 "artifacts/$2.log"; exit 1; }
  {
    cat "$(ls -t artifacts/benchmarks/"$2"/results/*-report-github.md | head -1)"
    echo
    [ "$2" = minidump ] || echo "Debug file: ${input:-$(basename "$SYMBOLICATOR_BENCH_FILE")}, $(stat -c %s "$SYMBOLICATOR_BENCH_FILE") bytes."
    echo "Commit $(git rev-parse --short HEAD)."
  } >"$out/$2.md"
  echo "$out/$2.md"
}

for part in "${parts[@]}"; do
  case $part in
    lookup) bench LookupBench lookup ;;
    build) bench SymCacheBuildBench build ;;
    minidump) bench MinidumpBench minidump ;;
    convert) python3 benchmarks/convert.py >"$out/convert.md"; echo "$out/convert.md" ;;
    pdb) python3 benchmarks/pdb.py ${PDB_FILES:-} >"$out/pdb.md"; echo "$out/pdb.md" ;;
    service) python3 benchmarks/service.py >"$out/service.md"; echo "$out/service.md" ;;
    *) echo "unknown part $part" >&2; exit 2 ;;
  esac
done
