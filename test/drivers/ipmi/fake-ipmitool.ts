import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program that prints what ipmitool 1.8.19 prints, with a machine in a folder behind it. */
export interface FakeIpmitool {
  readonly program: string;
  /** Files: power, flags (hex), identify, sel, and switches that a test sets. */
  write(name: string, text: string): void;
  read(name: string): string;
  remove(): void;
}

const SCRIPT = `#!/bin/sh
D=@DIR@
echo "$*" >> $D/argv
[ -f $D/sleep ] && sleep "$(cat $D/sleep)"
while [ $# -gt 0 ]; do
  case $1 in -I|-H|-p|-U|-N|-R) shift 2;; -E) SECRET=1; shift;; -v) V=1; shift;; *) break;; esac
done
echo "Unable to Get Channel Cipher Suites" >&2
if [ -z "$SECRET" ] || [ "$IPMI_PASSWORD" != "$(cat $D/password)" ]; then
  echo "$IPMI_PASSWORD" >> $D/rejected
  [ -n "$V" ] && echo "> RAKP 2 HMAC is invalid" >&2
  [ -f $D/echo-password ] && echo "sent $IPMI_PASSWORD" >&2
  echo "Error: Unable to establish IPMI v2 / RMCP+ session" >&2; exit 1
fi
[ -n "$V" ] && echo "Invalid completion code received: Invalid command" >&2
if [ -f $D/error ]; then cat $D/error >&2; exit 1; fi
P=$(cat $D/power)
case "$*" in
"chassis power status") ;;
"chassis power "*)
  [ -f $D/deaf-power ] && sleep 20
  if [ -f $D/power-error ]; then cat $D/power-error >&2; exit 1; fi;;
esac
case "$*" in
"chassis power status") if [ -f $D/stale ]; then echo "Chassis Power is $(cat $D/stale)"; else echo "Chassis Power is $P"; fi;;
"chassis power on"|"chassis power off")
  if [ -f $D/stale ] && [ "$3" = "$P" ]; then
    rm $D/stale; echo "$3" >> $D/refused
    echo "Set Chassis Power Control to $3 failed: Command not supported in present state" >&2; exit 1
  fi
  [ -f $D/stuck ] || echo "$3" > $D/power; echo "Chassis Power Control: $3";;
"chassis power soft") [ -f $D/stuck ] || echo off > $D/power; echo "Chassis Power Control: Soft";;
"chassis power reset")
  if [ "$P" = off ]; then echo "Set Chassis Power Control to Reset failed: Command not supported in present state" >&2; exit 1; fi
  echo "Chassis Power Control: Reset";;
"chassis bootdev pxe"*|"chassis bootdev cdrom"*)
  B=80; case "$*" in *efiboot*) [ -f $D/no-efiboot ] || B=a0;; esac
  X=04; case "$*" in *cdrom*) X=14;; esac
  [ -f $D/deaf ] || echo $B$X""000000 > $D/flags
  echo "Set Boot Device to $3";;
"chassis bootdev none") echo 0000000000 > $D/flags; echo "Set Boot Device to none";;
"raw 0x00 0x08 0x03 0x08") echo "";;
"raw 0x00 0x08 0x05 "*) [ -f $D/deaf ] || echo "$5$6""000000" | sed 's/0x//g' > $D/flags; echo "";;
"chassis bootparam get 5") cat <<EOF
Boot parameter version: 1
Boot parameter 5 is valid/unlocked
Boot parameter data: $(cat $D/flags)
 Boot Flags :
   - Boot Flag Valid
   - Options apply to only next boot
EOF
;;
"chassis identify force") echo Indefinite > $D/identify; echo "Chassis identify interval: indefinite";;
"chassis identify 0") echo Off > $D/identify; echo "Chassis identify interval: off";;
"chassis status") cat <<EOF
System Power         : $P
Power Overload       : false
Power Restore Policy : always-off
Last Power Event     : 
Chassis Intrusion    : inactive
Drive Fault          : false
Chassis Identify State : $(cat $D/identify)
EOF
;;
"mc info") cat <<EOF
Device ID                 : 32
Firmware Revision         : 3.65
IPMI Version              : 2.0
Manufacturer ID           : 10876
Manufacturer Name         : Super Micro Computer Inc.
Additional Device Support :
    Sensor Device
EOF
;;
"mc guid") printf 'System GUID  : 30373233-3431-584d-5138-323430323834\\nGUID Encoding : SMBIOS\\n';;
"fru print 0") cat <<EOF
FRU Device Description : Builtin FRU Device (ID 0)
 Chassis Type          : Main Server Chassis
 Chassis Serial        : C8150AH24A40139
 Board Mfg Date        : Mon Jan  1 00:00:00 1996
 Board Mfg             : Supermicro
 Board Serial          : ZM15AS021243
 Product Manufacturer  : Supermicro
 Product Name          : 
 Product Part Number   : SYS-5018D-FN4T
 Product Serial        : S210042X5A01234
 Product Asset Tag     : To be filled by O.E.M.
EOF
;;
"sel elist last "*) if [ -s $D/sel ]; then tail -n $4 $D/sel; else echo "SEL has no entries"; fi;;
*) echo "Invalid command: $*" >&2; exit 1;;
esac
`;

export function createFakeIpmitool(password: string): FakeIpmitool {
  const folder = mkdtempSync(join(tmpdir(), 'fake-ipmitool-'));
  const program = join(folder, 'ipmitool');
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  writeFileSync(program, SCRIPT.replace('@DIR@', folder));
  chmodSync(program, 0o755);
  const start = { password, power: 'off', flags: '0000000000', identify: 'Off', sel: '', argv: '', rejected: '' };
  for (const [name, text] of Object.entries(start)) write(name, text === '' ? '' : `${text}\n`);
  return {
    program,
    write,
    read: (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : ''),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
