#!/usr/bin/env bash
# Runs our own PE images of x64, arm64 and x86 in Unicorn, stopped before every instruction: the caller that our unwinder
# finds (program counter, stack pointer, saved registers, and its callers) is the one that execution shows. A full run also
# executes code of Visual C++, as far as it gets without its imports: that of npm's node-pty 1.1.0. Writes
# tests/proofs/results/unwind-execution.md; with SAMPLE=1 it takes some of our images, downloads and writes nothing.
#   SYMBOLICATOR_PROOF_CACHE   folder for what is downloaded; default: below the user's cache folder
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
. tests/env/tools.sh
need llvm-objdump-19 llvm-19
need /usr/lib/python3/dist-packages/unicorn python3-unicorn
python=/usr/bin/python3 # Debian's, which has the package
dotnet build -c Release -v q -nologo tests/Symbolicator.UnwindDriver >/dev/null
driver=(dotnet artifacts/bin/Symbolicator.UnwindDriver/release/Symbolicator.UnwindDriver.dll)
fixtures=tests/fixtures/windows
images=("$fixtures"/codes-{x64,arm64}.exe "$fixtures"/shapes-{x64,arm64-pac,x86}.exe)
if [ -n "${SAMPLE:-}" ]; then
  exec "$python" tests/proofs/unwind-execution.py --visits 1 --calls 24 --least 60 "${driver[@]}" -- "${images[@]}"
fi
images+=("$fixtures"/shapes-{arm64,arm64-O0,x64-O0}.exe "$fixtures"/folded-x64.exe "$fixtures"/prologs-{x64,arm64}-O{0,1,2,s}.exe "$fixtures"/shapes-x86-{O0,fpo}.exe)
need npm npm
cache=${SYMBOLICATOR_PROOF_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/symbolicator-proofs}/node-pty
if [ ! -d "$cache/package" ]; then
  mkdir -p "$cache"
  (cd "$cache" && npm pack --silent node-pty@1.1.0 && tar xzf node-pty-1.1.0.tgz)
fi
mkdir -p tests/proofs/results
status=0; table=$("$python" tests/proofs/unwind-execution.py --markdown --least 200 "${driver[@]}" -- "${images[@]}") || status=$?
visual=$("$python" tests/proofs/unwind-execution.py --markdown --visits 1 --calls 6 "${driver[@]}" -- \
  "$cache"/package/prebuilds/win32-{x64,arm64}/{conpty.node,pty.node,winpty.dll,winpty-agent.exe}) || status=$?
{
  echo "# Unwinding against execution"
  echo
  echo "Made by \`tests/proofs/unwind-execution.sh\` at commit $(git rev-parse --short HEAD). Every function of each image is called with many"
  echo "arguments, in Unicorn, which stops before every instruction; branches that no argument takes are taken by force (such a run counts when it returns in order). The"
  echo "unwinder is given the registers and the stack. Its caller must have the program counter, the stack pointer and the"
  echo "saved registers that the caller had at the call, and its callers theirs, 12 frames up. \"Every instruction\" counts"
  echo "functions none of whose instructions was left out. shapes: tests/fixtures/src/windows; prologs: 70 generated C functions at four"
  echo "levels of optimisation; codes: 150 generated functions in assembly with random unwind codes, on x64 also of version 2."
  echo "Interrupts of functions at random instructions test machine frames and contexts. On arm64 return addresses are signed."
  echo "x86 is unwound by the frame data of the PDB, with and without frame pointers; some code has no record there."
  echo
  echo "- Unicorn $("$python" -c 'import unicorn; print(unicorn.__version__)'), $(clang-19 --version | head -1)"
  echo "- .NET $(dotnet --version)"
  echo
  echo "$table"
  echo
  echo "Code of Visual C++ (node-pty 1.1.0), as far as it runs without its imports:"
  echo
  echo "$visual"
} >tests/proofs/results/unwind-execution.md
grep '^- .* functions stopped' tests/proofs/results/unwind-execution.md
exit "$status"
