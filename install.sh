#!/bin/sh
# Installs Overlift for the current user:
#
#   curl -fsSL https://github.com/overlift/overlift/releases/latest/download/install.sh | sh
#
# It downloads one archive and the list of checksums of the release, compares them, and puts `overlift` and
# its schemas below $OVERLIFT_HOME (~/.local/share/overlift) with a link in $OVERLIFT_BIN (~/.local/bin).
# OVERLIFT_VERSION picks a version, OVERLIFT_DOWNLOADS another place to download from.
set -eu

# A release writes its own version here; without one it is asked for.
version=${OVERLIFT_VERSION:-}
downloads=${OVERLIFT_DOWNLOADS:-https://github.com/overlift/overlift/releases/download}
home=${OVERLIFT_HOME:-$HOME/.local/share/overlift}
bin=${OVERLIFT_BIN:-$HOME/.local/bin}

fail() {
    echo "install: $*" >&2
    exit 1
}

case "$(uname -s)/$(uname -m)" in
    Linux/x86_64) platform=x86_64-unknown-linux-musl ;;
    Linux/aarch64 | Linux/arm64) platform=aarch64-unknown-linux-musl ;;
    Darwin/arm64) platform=aarch64-apple-darwin ;;
    Darwin/x86_64) platform=x86_64-apple-darwin ;;
    *) fail "there is no binary for $(uname -s) on $(uname -m): cargo install --locked --git https://github.com/overlift/overlift overlift" ;;
esac

fetch() {
    if command -v curl >/dev/null; then
        curl --fail --silent --show-error --location --retry 3 --output "$2" "$1"
    elif command -v wget >/dev/null; then
        wget --quiet --output-document="$2" "$1"
    else
        fail "it needs curl or wget"
    fi || fail "$1 cannot be downloaded"
}

sha256() {
    if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi
}

[ -n "$version" ] || fail "say which version: OVERLIFT_VERSION=0.1.0"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
archive=overlift-$version-$platform.tar.gz
fetch "$downloads/v$version/SHA256SUMS" "$work/SHA256SUMS"
wanted=$(awk -v name="$archive" '$2 == name { print $1 }' "$work/SHA256SUMS")
[ -n "$wanted" ] || fail "the release $version has no $archive"
fetch "$downloads/v$version/$archive" "$work/$archive"
sum=$(sha256 "$work/$archive")
[ "${sum%% *}" = "$wanted" ] || fail "$archive has the SHA-256 ${sum%% *}, but $wanted is in SHA256SUMS. Nothing was installed"

tar -xzf "$work/$archive" -C "$work" overlift schemas
mkdir -p "$home" "$bin"
rm -rf "$home/schemas"
mv "$work/schemas" "$home/schemas"
mv -f "$work/overlift" "$home/overlift"
chmod 755 "$home/overlift"
ln -sf "$home/overlift" "$bin/overlift"
echo "Overlift $version is at $bin/overlift"
case ":$PATH:" in
    *":$bin:"*) ;;
    *) echo "Put it on the PATH: export PATH=\"$bin:\$PATH\"" ;;
esac
