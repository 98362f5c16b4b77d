#!/bin/bash
# newer-ipxe.sh FOLDER: iPXE of 2025 out of Debian 13's package, into FOLDER/ipxe. Debian 12's is of 2019: it has none for
# arm64, and its ipxe.efi hangs on `exit` under OVMF. Uses an apt state of its own; the machine's sources stay as they are.
set -euo pipefail
BASE=$(realpath -m "$1"); APT=$BASE/apt/trixie; OUT=$BASE/ipxe; mkdir -p "$OUT" "$APT"/{lists/partial,cache/archives/partial,etc}
MIRROR=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list.d /etc/apt/sources.list 2> /dev/null | head -1 | tr -d ' ' || true)
printf 'Types: deb\nURIs: %s\nSuites: trixie\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
  "${MIRROR:-http://deb.debian.org/debian}" > "$APT/etc/trixie.sources"
OPTIONS=(-o Dir::State::Lists="$APT/lists" -o Dir::Cache="$APT/cache" -o Dir::Etc::SourceList="$APT/none"
  -o Dir::Etc::SourceParts="$APT/etc" -o APT::Sandbox::User=root -o Acquire::Languages=none)
[ -e "$APT/.updated" ] || { apt-get "${OPTIONS[@]}" -qq update; touch "$APT/.updated"; }
cd "$APT"; ls ipxe_*.deb > /dev/null 2>&1 || apt-get "${OPTIONS[@]}" -qq download ipxe
rm -rf x; dpkg-deb -x ipxe_*.deb x
for name in ipxe-arm64.efi ipxe-amd64.efi snponly.efi undionly.kpxe; do cp -L "x/usr/lib/ipxe/$name" "$OUT/"; done
rm -rf x; ls -l "$OUT"
