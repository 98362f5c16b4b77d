import { readdirSync, readFileSync } from 'node:fs';

const INTERFACES = '/sys/class/net';
/** A slave of a bond sends by the bond's MAC, or by its own one. */
const FILES = ['address', 'bonding_slave/perm_hwaddr'];

/** All that this host sends by, bridges, bonds and virtual interfaces (VRRP, macvlan) included. */
export function ownMacs(): ReadonlySet<string> {
  const macs = new Set<string>();
  for (const name of listed()) {
    for (const file of FILES) {
      const mac = readHere(`${INTERFACES}/${name}/${file}`);
      if (mac !== undefined && mac !== '') macs.add(mac);
    }
  }
  return macs;
}

export const macOf = (iface: string): string | undefined => readHere(`${INTERFACES}/${iface}/address`);

function listed(): readonly string[] {
  try {
    return readdirSync(INTERFACES);
  } catch {
    return [];
  }
}

function readHere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim().toLowerCase();
  } catch {
    return undefined;
  }
}
