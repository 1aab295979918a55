#!/usr/bin/env bash
# run-image.sh TAG [options] [-- COMMAND...]   runs an image in the foreground on the host's network, never pulls.
set -euo pipefail
export STORAGE_DRIVER=${STORAGE_DRIVER:-overlay}
tag=$1; shift
options=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do options+=("$1"); shift; done
[ "${1:-}" != -- ] || shift
if docker info >/dev/null 2>&1; then exec docker run --rm --network host "${options[@]}" "$tag" "$@"; fi
# crun refuses cgroups in hybrid mode and limits above the machine's: hence a mount namespace of its own and lower limits.
exec unshare -m bash -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec podman --cgroup-manager=cgroupfs --runtime crun run \
  --rm --pull never --network host --ulimit nofile=8192:8192 --ulimit nproc=4096:4096 "$@"' _ "${options[@]}" "$tag" "$@"
