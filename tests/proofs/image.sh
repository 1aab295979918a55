#!/usr/bin/env bash
# Builds the container image, runs it with a read-only root and an unprivileged user, and symbolicates a crash of Linux and
# one of Windows with it.
# Where neither Docker nor root (for buildah) is at hand it says so and ends well: the image is no part of the program.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
if ! docker info >/dev/null 2>&1 && [ "$(id -u)" -ne 0 ]; then echo "not built: needs a container engine or root"; exit 0; fi
. tests/env/tools.sh
need curl curl
tag=localhost/symbolicator:proof port=13021
bash tests/env/build-image.sh "$tag"
work=$(mktemp -d); trap 'kill %1 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
assets=src/Symbolicator.Service/Demo/Assets
id=$(cat "$assets/build-id")
mkdir -p "$work/symbols/${id:0:2}/${id:2}" "$work/data"
cp "$assets/executable" "$assets/debuginfo" "$work/symbols/${id:0:2}/${id:2}/"
windows=tests/fixtures/windows
id=$(python3 -c 'import sys, uuid
image = open(sys.argv[1], "rb").read()
record = image.index(b"RSDS")
print("%s%x" % (uuid.UUID(bytes_le=image[record + 4:record + 20]).hex, int.from_bytes(image[record + 20:record + 24], "little")))' "$windows/crash.exe")
mkdir -p "$work/symbols/${id:0:2}/${id:2}"
cp "$windows/crash.exe" "$work/symbols/${id:0:2}/${id:2}/executable"
cp "$windows/crash.pdb" "$work/symbols/${id:0:2}/${id:2}/debuginfo"
cat >"$work/config.yml" <<Y
bind: 127.0.0.1:$port
sources:
  - { id: demo, type: filesystem, path: /symbols, layout: { type: unified } }
Y
chmod -R a+rX "$work"; chmod 777 "$work/data"
bash tests/env/run-image.sh "$tag" --read-only --tmpfs /tmp -v "$work/data:/data" -v "$work/symbols:/symbols:ro" \
  -v "$work/config.yml:/config.yml:ro" -- run -c /config.yml >"$work/log" 2>&1 &
for _ in $(seq 1 150); do
  curl -sf "http://127.0.0.1:$port/healthcheck" >/dev/null && break
  sleep 0.2
done
# expect DUMP FUNCTION LINE
expect() {
  local answer
  answer=$(curl -sf -F "upload_file_minidump=@$1" "http://127.0.0.1:$port/minidump") || { cat "$work/log"; exit 1; }
  grep -qF "\"function\":\"$2\"" <<<"$answer" || { echo "no $2 in: ${answer:0:500}"; exit 1; }
  grep -q "\"lineno\":$3\b" <<<"$answer" || { echo "no line $3 in: ${answer:0:500}"; exit 1; }
}
expect "$assets/checkout.dmp" order_total 19
expect "$windows/crash-write-codeview.dmp" "shop::Checkout::pay(int)" 78
[ -n "$(find "$work/data" -path '*symcaches*' -type f | head -1)" ] || { echo "nothing was cached in the volume"; find "$work/data"; exit 1; }
echo "the image answers with functions and lines of both crashes"
