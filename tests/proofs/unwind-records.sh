#!/usr/bin/env bash
# Every arm64 unwind record of Visual C++'s images in npm's node-pty 1.1.0, of clang-cl's libSkiaSharp.dll and of our own, packed and in full:
# length and rules as llvm-readobj 19 prints its prolog. Writes tests/proofs/results/unwind-records.md; with SAMPLE=1 it takes our
# own images, downloads and writes nothing.
#   SYMBOLICATOR_PROOF_CACHE   folder for what is downloaded; default: below the user's cache folder
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
. tests/env/tools.sh
need llvm-readobj-19 llvm-19
images=(tests/fixtures/windows/*-arm64*.exe)
if [ -n "${SAMPLE:-}" ]; then exec python3 tests/proofs/unwind-records.py "${images[@]}"; fi
need npm npm
cache=${SYMBOLICATOR_PROOF_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/symbolicator-proofs}
if [ ! -d "$cache/node-pty/package" ]; then
  mkdir -p "$cache/node-pty"
  (cd "$cache/node-pty" && npm pack --silent node-pty@1.1.0 && tar xzf node-pty-1.1.0.tgz)
fi
images+=("$cache"/node-pty/package/prebuilds/win32-arm64/*.{node,dll,exe} "$cache"/node-pty/package/prebuilds/win32-arm64/conpty/*)
skia=$cache/skia/skiasharp.nativeassets.win32/4.150.3/runtimes/win-arm64/native/libSkiaSharp.dll # pdb-lookups.sh fetches it
[ ! -f "$skia" ] || images+=("$skia")
status=0; table=$(python3 tests/proofs/unwind-records.py --markdown "${images[@]}") || status=$?
{
  echo "# arm64 unwind records against llvm-readobj"
  echo
  echo "Made by \`tests/proofs/unwind-records.sh\` at commit $(git rev-parse --short HEAD). Packed records of x19 and lr alone, which"
  echo "llvm-readobj calls invalid, are taken as Visual C++ writes them."
  echo
  echo "- $(llvm-readobj-19 --version | grep -m1 -E 'version' | sed 's/^ *//')"
  echo "- node-pty 1.1.0, SkiaSharp.NativeAssets.Win32 4.150.3"
  echo
  echo "$table"
} >tests/proofs/results/unwind-records.md
tail -n 1 tests/proofs/results/unwind-records.md
exit "$status"
