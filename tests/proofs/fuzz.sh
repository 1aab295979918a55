#!/usr/bin/env bash
# Feeds damaged fixtures to every reader: nothing but MalformedFileException may come out, within 256 MB allocated and
# 30 seconds per file. SAMPLE=1 takes 20 seconds and changes nothing; a full run takes MINUTES (2) per reader and
# writes results/fuzz.md. What fails is left in the folder FAILURES.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
. tests/env/tools.sh
need zstd zstd
need xz xz-utils
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
failures=${FAILURES:-$work/failures}; mkdir -p "$failures" "$work/packed"
for file in tests/fixtures/elf/sym-x86.so tests/fixtures/breakpad/every-record-x86.sym; do
  name=$work/packed/${file##*/}
  zstd -q -19 --check "$file" -o "$name.zst"
  xz -c "$file" >"$name.xz"
  python3 -c 'import sys, zipfile
with zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_DEFLATED) as z: z.write(sys.argv[1])' "$file" "$name.zip"
done
dotnet build -c Release -v q -nologo tests/Symbolicator.Fuzz >/dev/null
fuzz=(nice -n 19 dotnet artifacts/bin/Symbolicator.Fuzz/release/Symbolicator.Fuzz.dll)
corpus=(tests/fixtures/elf tests/fixtures/minidump tests/fixtures/breakpad tests/fixtures/hostile tests/fixtures/cab tests/fixtures/windows "$work/packed")
if [ -n "${SAMPLE:-}" ]; then
  "${fuzz[@]}" replay "${corpus[@]}"
  exec "${fuzz[@]}" 4 1 "$failures" "${corpus[@]}"
fi
minutes=${MINUTES:-2}; seed=${SEED:-$(date +%s)}
status=0; table=$("${fuzz[@]}" $((minutes * 60)) "$seed" "$failures" "${corpus[@]}") || status=$?
mkdir -p tests/proofs/results
{
  echo "# Damaged files against every reader"
  echo
  echo "Made by \`tests/proofs/fuzz.sh\`: the fixtures with up to six changes each, spread over their tables and sections;"
  echo "symcaches with their checksums made right again, cabinets with theirs taken away. A case fails by any exception but MalformedFileException, by more"
  echo "than 256 MB allocated, or by 30 seconds. Accepted: read without complaint as a whole; parts may have been left out."
  echo
  echo "- commit $(git rev-parse --short HEAD), seed $seed, $minutes minutes per reader, one process"
  echo "- .NET $(dotnet --version), $(zstd --version | grep -o 'v[0-9.]*'), $(xz --version | head -1)"
  echo
  echo "$table"
} >tests/proofs/results/fuzz.md
tail -n 5 tests/proofs/results/fuzz.md
exit "$status"
