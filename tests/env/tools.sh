# Sourced by test.sh and by the fixture scripts: installs what a Debian or Ubuntu machine lacks. Elsewhere it names what is missing.
# need COMMAND PACKAGE...   installs the packages when the command is not there
need() {
  local probe=$1; shift
  [ -e "$probe" ] || command -v "$probe" >/dev/null 2>&1 && return 0
  if ! command -v apt-get >/dev/null 2>&1; then echo "missing: $probe (Debian packages: $*)" >&2; return 1; fi
  local sudo=; [ "$(id -u)" -eq 0 ] || sudo=sudo
  local apt="$sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300"
  $apt install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 && { echo "installed $*"; return 0; }
  $apt update -qq >/dev/null 2>&1
  $apt install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 && { echo "installed $*"; return 0; }
  echo "cannot install $*" >&2; return 1
}

need python3 python3
need llvm-symbolizer-19 llvm-19
need readelf binutils
need zstd zstd
need xz xz-utils
need /usr/lib/debug/.build-id libc6-dbg
