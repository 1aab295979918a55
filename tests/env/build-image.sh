#!/usr/bin/env bash
# build-image.sh [TAG]   builds ../../Dockerfile, with Docker or Podman where an engine runs, else with buildah.
# Where the base images cannot be pulled, stand-ins are made from Debian packages and this machine's own .NET, so that the
# Dockerfile's own steps are tested everywhere.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")"); root=$here/../..
. "$here/tools.sh"
tag=${1:-localhost/symbolicator:test}
if docker info >/dev/null 2>&1; then exec docker build -t "$tag" "$root"; fi

need /usr/bin/buildah buildah podman crun ca-certificates
need /usr/sbin/debootstrap debootstrap
export STORAGE_DRIVER=${STORAGE_DRIVER:-overlay} BUILDAH_ISOLATION=chroot
work=${RUN:-/tmp/symbolicator-image}; mkdir -p "$work"; chmod 755 "$work"
mapfile -t bases < <(sed -nE 's/^FROM ([^ ]+).*/\1/p' "$root/Dockerfile")
sdk=${bases[0]} aspnet=${bases[1]}
dotnet=$(dirname "$(dotnet --list-sdks | sed -nE "s/.*\[(.*)\]/\1/p" | tail -1)")

# stand_in TAG FROM PATH...   an image with these parts of this machine's .NET
stand_in() {
  local name=$1 from=$2 c m; shift 2
  c=$(buildah from --pull-never "$from"); m=$(buildah mount "$c")
  [ "$from" != scratch ] || tar -C "$work/rootfs" -c . | tar -C "$m" -x
  mkdir -p "$m/usr/share/dotnet"
  (cd "$dotnet" && tar -c "$@") | tar -C "$m/usr/share/dotnet" -x
  ln -sf /usr/share/dotnet/dotnet "$m/usr/bin/dotnet"
  mkdir -p "$m/etc/ssl/certs"; cp /etc/ssl/certs/ca-certificates.crt "$m/etc/ssl/certs/"
  if ! grep -q '^app:' "$m/etc/passwd"; then
    echo 'app:x:1654:1654::/home/app:/bin/sh' >>"$m/etc/passwd"; echo 'app:x:1654:' >>"$m/etc/group"
    mkdir -p "$m/home/app"; chown 1654:1654 "$m/home/app"
  fi
  buildah config --env DOTNET_ROOT=/usr/share/dotnet --env DOTNET_RUNNING_IN_CONTAINER=true --env APP_UID=1654 \
    --env DOTNET_CLI_TELEMETRY_OPTOUT=1 --env DOTNET_NOLOGO=1 --workingdir / "$c"
  buildah umount "$c" >/dev/null; buildah commit -q --rm "$c" "$name" >/dev/null
}

if ! buildah inspect --type image "$aspnet" >/dev/null 2>&1 && ! timeout 60 buildah pull -q "$aspnet" >/dev/null 2>&1; then
  if [ ! -f "$work/rootfs/etc/debian_version" ]; then
    mirror=$(apt-get indextargets --format '$(SITE)' | sort -u | grep -v -i security | head -1)
    debootstrap --variant=minbase --include=ca-certificates,libicu72,libssl3,libstdc++6,zlib1g,tzdata \
      "$(. /etc/os-release; echo "$VERSION_CODENAME")" "$work/rootfs" "$mirror" >"$work/debootstrap.log" 2>&1
  fi
  stand_in "$aspnet" scratch dotnet host shared
fi
if ! buildah inspect --type image "$sdk" >/dev/null 2>&1 && ! timeout 60 buildah pull -q "$sdk" >/dev/null 2>&1; then
  stand_in "$sdk" "$aspnet" sdk packs sdk-manifests templates metadata
fi
mkdir -p "$HOME/.nuget/packages"
buildah bud --pull-never --network host -v "$HOME/.nuget/packages:/root/.nuget/packages" -t "$tag" "$root" >"$work/build.log" 2>&1 \
  || { tail -30 "$work/build.log" >&2; exit 1; }
echo "$tag $(buildah images --format '{{.Size}}' "$tag" | head -1)"
