#!/usr/bin/env bash
# The PDBs of Visual C++ in npm's node-pty 1.1.0, all ten: every procedure, line row and inline site as llvm-pdbutil 19 prints them.
# Writes tests/proofs/results/pdb-symbols.md; with SAMPLE=1 it takes the PDBs of tests/fixtures/windows, downloads and writes nothing.
#   SYMBOLICATOR_PROOF_CACHE   folder for what is downloaded; default: below the user's cache folder
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
. tests/env/tools.sh
if [ -n "${SAMPLE:-}" ]; then python3 tests/proofs/pdb-symbols.py tests/fixtures/windows/*.pdb; exit; fi
need npm npm
cache=${SYMBOLICATOR_PROOF_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/symbolicator-proofs}/node-pty
if [ ! -d "$cache/package" ]; then
  mkdir -p "$cache"
  (cd "$cache" && npm pack --silent node-pty@1.1.0 && tar xzf node-pty-1.1.0.tgz)
fi
{
  echo "# PDBs of Visual C++ against llvm-pdbutil"
  echo
  echo "Made by \`tests/proofs/pdb-symbols.sh\` at commit $(git rev-parse --short HEAD). What is compared: docs/accuracy.md."
  echo
  echo "- $(llvm-pdbutil-19 --version | grep -m1 version | sed 's/^ *//')"
  echo "- node-pty 1.1.0, prebuilds"
  echo
  python3 tests/proofs/pdb-symbols.py --markdown "$cache"/package/prebuilds/win32-*/*.pdb
} >tests/proofs/results/pdb-symbols.md
tail -n 1 tests/proofs/results/pdb-symbols.md
