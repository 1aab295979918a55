#!/usr/bin/env bash
# Installs what the tests need, builds with warnings as errors, runs every test, and ends with
#   N passed, N failed, N skipped
# Needs nothing but the .NET SDK and a package registry. Environment:
#   SYMBOLICATOR_CASES   folder of the public acceptance cases; found beside the project when not set, else their tests are skipped
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
out=artifacts/test-results
rm -rf "$out"; mkdir -p "$out"
passed=0 failed=0 skipped=0

say() { printf '\n== %s\n' "$*"; }
end() { printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"; [ "$failed" -eq 0 ] || exit 1; exit 0; }
# step NAME COMMAND...   counts one test
step() {
  local name=$1; shift
  if "$@" >"$out/$name.log" 2>&1; then passed=$((passed + 1)); echo "ok    $name"
  else failed=$((failed + 1)); echo "FAIL  $name"; tail -n 40 "$out/$name.log"; fi
}

say "tools"
. tests/env/tools.sh

say "build"
if ! dotnet build Symbolicator.sln -c Release -nologo -v quiet -warnaserror >"$out/build.log" 2>&1; then
  grep -E 'error|warning' "$out/build.log" | sort -u | head -40
  failed=1; end
fi
echo "ok    no warnings"
step format dotnet format Symbolicator.sln --no-restore --verify-no-changes

say "tests"
for project in tests/*.Tests/*.csproj; do
  name=$(basename "$project" .csproj)
  log=$out/$name.log
  dotnet test "$project" -c Release --no-build -nologo --blame-hang-timeout 10min --results-directory "$out" >"$log" 2>&1
  code=$?
  line=$(grep -oE 'Failed: +[0-9]+, Passed: +[0-9]+, Skipped: +[0-9]+' "$log" | tail -1)
  if [ -z "$line" ]; then failed=$((failed + 1)); echo "FAIL  $name ended with $code and no summary"; tail -n 40 "$log"; continue; fi
  read -r f p s < <(sed -E 's/[^0-9]+/ /g' <<<"$line")
  [ "$code" -eq 0 ] || [ "$f" -gt 0 ] || f=1
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  echo "$name: $p passed, $f failed, $s skipped"
  [ "$f" -eq 0 ] || grep -E '^\s+(Failed |Error Message|Stack Trace|   at )|Assert|Expected|Actual' "$log" | head -60
  [ "$s" -eq 0 ] || grep -E '\[SKIP\]|^\s+Skipped ' "$log" | sort -u | head -20
done

say "proofs, on small samples"
for proof in tests/proofs/*.sh; do
  [ -e "$proof" ] || continue
  step "proof-$(basename "$proof" .sh)" env SAMPLE=1 bash "$proof"
done

say "acceptance cases"
cases=${SYMBOLICATOR_CASES:-../shared/cases}
if [ -f "$cases/check.py" ]; then
  while read -r area; do
    step "cases-$area" python3 tests/cases.py "$cases" "$area"
    tail -n 1 "$out/cases-$area.log"
  done < <(grep -v '^#' tests/areas)
else
  skipped=$((skipped + $(grep -vc '^#' tests/areas)))
  echo "skipped: no folder of acceptance cases ($cases); set SYMBOLICATOR_CASES"
fi

end
