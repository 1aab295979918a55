#!/usr/bin/env bash
# Builds the container image, runs it with a read-only root and an unprivileged user, and symbolicates a crash with it.
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
answer=$(curl -sf -F "upload_file_minidump=@$assets/checkout.dmp" "http://127.0.0.1:$port/minidump") || { cat "$work/log"; exit 1; }
grep -q '"function":"order_total"' <<<"$answer" || { echo "no order_total in: ${answer:0:500}"; exit 1; }
grep -q '"lineno":19' <<<"$answer" || { echo "no line in: ${answer:0:500}"; exit 1; }
[ -n "$(find "$work/data" -path '*symcaches*' -type f | head -1)" ] || { echo "nothing was cached in the volume"; find "$work/data"; exit 1; }
echo "the image answers with the crash's functions and lines"
