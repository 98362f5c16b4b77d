#!/bin/bash
# build.sh amd64|arm64 FOLDER: kernel and initramfs of the installer in FOLDER/out/ARCH, from Debian packages only.
# Nothing is mounted, no loop device; root only for apt's download into a state of its own.
# Needs: apt dpkg-deb cpio zstd kmod mtools gdisk python3, syslinux for amd64.
set -euo pipefail
ARCH=$1; BASE=$(realpath -m "$2"); HERE=$(cd "$(dirname "$0")" && pwd)
OUT=$BASE/out/$ARCH; WORK=$BASE/work/$ARCH; DEBS=$BASE/debs/$ARCH; APT=$BASE/apt/$ARCH
rm -rf "$WORK" "$OUT"; mkdir -p "$WORK/root" "$OUT" "$DEBS" "$APT"/{lists/partial,cache/archives/partial,etc}
case $ARCH in
  # no_timer_check: as in machine-spec.ts
  amd64) CONSOLE="ttyS0,115200 no_timer_check"; EFI_NAME=BOOTX64.EFI; SD_BOOT=systemd-bootx64.efi;;
  arm64) CONSOLE=ttyAMA0,115200; EFI_NAME=BOOTAA64.EFI; SD_BOOT=systemd-bootaa64.efi;;
esac
export SOURCE_DATE_EPOCH=1700000000 MTOOLS_SKIP_CHECK=1

# ---- packages; the machine's own architectures and lists stay as they are
for file in /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list; do
  if [ -e "$file" ] && grep -qE '/debian(-security)?/?( |$)' "$file"; then cp "$file" "$APT/etc/"; fi
done
OPTIONS=(-o Dir::State::Lists="$APT/lists" -o Dir::Cache="$APT/cache" -o Dir::Etc::SourceList="$APT/none"
  -o Dir::Etc::SourceParts="$APT/etc" -o APT::Architecture="$ARCH" -o APT::Architectures::="$ARCH"
  -o APT::Sandbox::User=root -o Acquire::Languages=none)
[ -e "$APT/.updated" ] || { apt-get "${OPTIONS[@]}" -qq update; touch "$APT/.updated"; }
KERNEL=$(apt-cache "${OPTIONS[@]}" show "linux-image-$ARCH" | sed -n 's/^Depends: \(linux-image-[^ ,]*\).*/\1/p' | head -1)
for package in "$KERNEL" busybox-static openssl libssl3 libc6 systemd-boot-efi; do
  ls "$DEBS/${package}"_*.deb > /dev/null 2>&1 || (cd "$DEBS" && apt-get "${OPTIONS[@]}" -qq download "$package:$ARCH")
  dpkg-deb -x "$DEBS/${package}"_*.deb "$WORK/root"
done
VERSION=$(ls "$WORK/root/lib/modules"); cp "$WORK/root/boot/vmlinuz-$VERSION" "$OUT/kernel"

# ---- the root file system; modules as they are, since Talos boots with module.sig_enforce=1
TREE=$WORK/tree; mkdir -p "$TREE"/{bin,modules,payload,openssl}
depmod -b "$WORK/root" "$VERSION"
for module in virtio_pci virtio_blk virtio_net virtio_rng button evdev; do
  modprobe -d "$WORK/root" -S "$VERSION" --show-depends "$module" 2>/dev/null | sed -n 's/^insmod \([^ ]*\).*/\1/p' || true
done | awk '!seen[$0]++' | while read -r file; do
  cp "$file" "$TREE/modules/"; basename "$file" >> "$TREE/modules.order"
done
cp "$WORK/root/bin/busybox" "$TREE/bin/"; cp "$HERE/init" "$HERE/kmsg.awk" "$TREE/"; chmod 755 "$TREE/init"
python3 "$HERE/events.py" "$TREE/events"
# openssl with its own libraries, away from /lib: static programs crash where they find a foreign libc
cp "$WORK/root/usr/bin/openssl" "$TREE/openssl/openssl.bin"
find "$WORK/root" \( -name libssl.so.3 -o -name libcrypto.so.3 -o -name libc.so.6 \) -exec cp -L {} "$TREE/openssl/" \;
cp -L "$(find "$WORK/root" -name 'ld-linux-*.so.*' | head -1)" "$TREE/openssl/ld.so"
printf '[req]\ndistinguished_name=dn\n[dn]\n' > "$TREE/openssl/openssl.cnf"
printf '#!/bin/busybox sh\nOPENSSL_CONF=/openssl/openssl.cnf exec /openssl/ld.so --library-path /openssl /openssl/openssl.bin "$@"\n' > "$TREE/bin/openssl"
chmod 755 "$TREE/bin/openssl"
pack() { find "$TREE" -exec touch -h -d @$SOURCE_DATE_EPOCH {} +; (cd "$TREE" && find . -print0 | LC_ALL=C sort -z | cpio --null -o -H newc -R 0:0 --reproducible --quiet) | zstd -q -T2 -6 -c > "$1"; }
pack "$WORK/installed.img"

# ---- what is written to a disk: GPT with EFI (systemd-boot, syslinux, kernel), META and STATE
ESP_MIB=48; DISK=$WORK/disk.img; ESP="$DISK@@1M"; truncate -s $((ESP_MIB + 8))M "$DISK"
sgdisk -o -n 1:2048:+${ESP_MIB}M -t 1:ef00 -c 1:EFI -A 1:set:2 -n 2:0:+1M -t 2:8300 -c 2:META -n 3:0:+4M -t 3:8300 -c 3:STATE "$DISK" > "$WORK/sgdisk.log"
sgdisk -i 3 "$DISK" | sed -n 's/^First sector: \([0-9]*\).*/\1/p' > "$TREE/payload/state.start"
mformat -i "$ESP" -F -c 1 -T $((ESP_MIB * 2048)) -H 2048 -v EFI ::
mmd -i "$ESP" ::/EFI ::/EFI/BOOT ::/loader ::/loader/entries ::/syslinux
ARGUMENTS="console=tty0 console=$CONSOLE talos.platform=metal slab_nomerge pti=on printk.devkmsg=on lab.installed"
printf 'timeout 0\ndefault lab.conf\n' > "$WORK/loader.conf"
printf 'title lab\nlinux /kernel\ninitrd /initrd.img\noptions %s\n' "$ARGUMENTS" > "$WORK/lab.conf"
mcopy -i "$ESP" "$WORK/root/usr/lib/systemd/boot/efi/$SD_BOOT" "::/EFI/BOOT/$EFI_NAME"
mcopy -i "$ESP" "$WORK/loader.conf" ::/loader/; mcopy -i "$ESP" "$WORK/lab.conf" ::/loader/entries/
mcopy -i "$ESP" "$OUT/kernel" ::/kernel; mcopy -i "$ESP" "$WORK/installed.img" ::/initrd.img
if [ "$ARCH" = amd64 ]; then
  printf 'DEFAULT lab\nPROMPT 0\nTIMEOUT 1\nLABEL lab\n  LINUX /kernel\n  INITRD /initrd.img\n  APPEND %s\n' "$ARGUMENTS" > "$WORK/syslinux.cfg"
  mcopy -i "$ESP" "$WORK/syslinux.cfg" ::/syslinux/
  mcopy -i "$ESP" /usr/lib/syslinux/modules/bios/ldlinux.c32 ::/syslinux/
  syslinux --install --offset 1048576 "$DISK"
  dd if=/usr/lib/syslinux/mbr/gptmbr.bin of="$DISK" bs=440 count=1 conv=notrunc status=none
fi
gzip -n -6 -c "$DISK" > "$TREE/payload/disk.img.gz"
pack "$OUT/initramfs"
rm -rf "$WORK"; ls -l "$OUT"
