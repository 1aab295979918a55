#!/usr/bin/env bash
# Random code addresses of the PDBs of clang-cl in NuGet's SkiaSharp.NativeAssets.Win32 (x64, x86, arm64): equal to llvm-symbolizer 19
# in every frame, or explained by the records of the PDB. Writes tests/proofs/results/pdb-lookups.md; with SAMPLE=1 it takes 300 addresses
# each of tests/fixtures/windows, downloads and writes nothing.
#   SYMBOLICATOR_PROOF_CACHE   folder for what is downloaded; default: below the user's cache folder
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
. tests/env/tools.sh
if [ -n "${SAMPLE:-}" ]; then python3 tests/proofs/pdb-lookups.py -n 300 tests/fixtures/windows/{shapes,folded}-*.exe; exit; fi
version=4.150.3
cache=${SYMBOLICATOR_PROOF_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/symbolicator-proofs}/skia
package=$cache/skiasharp.nativeassets.win32/$version
if [ ! -d "$package" ]; then
  work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
  cat >"$work/fetch.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageDownload Include="SkiaSharp.NativeAssets.Win32" Version="[$version]" /></ItemGroup>
</Project>
XML
  dotnet restore "$work/fetch.csproj" --packages "$cache" -v quiet
fi
{
  echo "# Random addresses of clang-cl's PDBs against llvm-symbolizer"
  echo
  echo "Made by \`tests/proofs/pdb-lookups.sh\` at commit $(git rev-parse --short HEAD), seed 1; classes are explained in docs/accuracy.md."
  echo
  echo "- $(llvm-symbolizer-19 --version | grep -m1 -E 'version' | sed 's/^ *//')"
  echo "- SkiaSharp.NativeAssets.Win32 $version"
  echo
  python3 tests/proofs/pdb-lookups.py --markdown -n "${N:-10000}" "$package"/runtimes/win-{x64,x86,arm64}/native/libSkiaSharp.dll
} >tests/proofs/results/pdb-lookups.md
tail -n 1 tests/proofs/results/pdb-lookups.md
