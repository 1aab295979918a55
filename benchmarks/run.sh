#!/usr/bin/env bash
# Measures conversion, lookup and minidumps; writes results/<cpu>/*.md. Run it on a quiet machine.
#   run.sh [lookup] [build] [minidump] [convert] [service]     default: all
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. tests/env/tools.sh
parts=("$@"); [ ${#parts[@]} -gt 0 ] || parts=(lookup build minidump convert service)
cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1 | tr -c 'A-Za-z0-9\n' '-' | sed 's/--*/-/g; s/-$//')
out=benchmarks/results/${cpu:-unknown}; mkdir -p "$out"
dotnet build -c Release -v quiet -nologo benchmarks/Symbolicator.Benchmarks src/Symbolicator.Cli src/Symbolicator.Service 2>/dev/null \
  || for p in benchmarks/Symbolicator.Benchmarks src/Symbolicator.Cli src/Symbolicator.Service; do dotnet build -c Release -v quiet -nologo "$p"; done

bench() { # CLASS NAME
  dotnet run -c Release --no-build --project benchmarks/Symbolicator.Benchmarks -- \
    --filter "*$1*" --join --exporters github --artifacts "artifacts/benchmarks/$2" >"artifacts/$2.log" 2>&1 || { tail -20 "artifacts/$2.log"; exit 1; }
  cp "$(ls -t artifacts/benchmarks/"$2"/results/*-report-github.md | head -1)" "$out/$2.md"
  echo "$out/$2.md"
}

for part in "${parts[@]}"; do
  case $part in
    lookup) bench LookupBench lookup ;;
    build) bench SymCacheBuildBench build ;;
    minidump) bench MinidumpBench minidump ;;
    convert) python3 benchmarks/convert.py >"$out/convert.md"; echo "$out/convert.md" ;;
    service) python3 benchmarks/service.py >"$out/service.md"; echo "$out/service.md" ;;
    *) echo "unknown part $part" >&2; exit 2 ;;
  esac
done
