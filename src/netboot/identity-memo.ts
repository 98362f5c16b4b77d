import { type Fleet, nodeOf } from '../core/fleet.ts';
import type { NodeState } from '../core/node.ts';
import { type Claims, type Identity, resolveIdentity } from './identity.ts';

/** Everything that `resolveIdentity` reads to find a node, and what it found. */
interface Remembered {
  readonly uuid: string | undefined;
  readonly switchPort: string | undefined;
  readonly bmc: NodeState['seen']['bmc'];
  /** Its state changes with each event, and is looked up anew. */
  readonly name: string;
  readonly sure: boolean;
  readonly matched: readonly string[];
  readonly why: string;
}

/** More MACs than a site has; forged ones are strangers, and those are not kept. */
const KEPT = 32_768;

/**
 * `resolveIdentity` for who comes by DHCP, remembered by MAC: a machine asks four times and more in a boot, and its names are
 * looked up in five tables each time. What was found holds as long as all that it was made of is the very same object (the
 * inventory's names of a machine change only together with their index); conflicts and strangers are looked at anew each time.
 * The tables are remembered once and not with each machine: every machine would keep another old state of them.
 */
export function createIdentityMemo(): typeof resolveIdentity {
  const known = new Map<string, Remembered>();
  let tables: Pick<Fleet, 'index' | 'bmcNames'> | undefined;
  return (fleet, claims) => {
    const { index, bmcNames } = fleet;
    if (tables?.index !== index || tables.bmcNames !== bmcNames) {
      known.clear();
      tables = { index, bmcNames };
    }
    const mac = keyOf(claims);
    if (mac === undefined) return resolveIdentity(fleet, claims);
    const old = known.get(mac);
    if (old !== undefined && old.uuid === claims.uuid && old.switchPort === claims.switchPort) {
      const node = nodeOf(fleet, old.name);
      if (node !== undefined && old.bmc === node.seen.bmc) {
        const { sure, matched, why } = old;
        return { is: 'node', node, sure, matched, why };
      }
    }
    const found = resolveIdentity(fleet, claims);
    if (found.is === 'node') remember(known, mac, claims, found);
    else known.delete(mac);
    return found;
  };
}

/** The script's query brings more names than these, and comes once in a boot. */
function keyOf(claims: Claims): string | undefined {
  const { macs, serial, boardSerial, asset } = claims;
  return macs.length === 1 && serial === undefined && boardSerial === undefined && asset === undefined
    ? macs[0]
    : undefined;
}

function remember(
  known: Map<string, Remembered>,
  mac: string,
  { uuid, switchPort }: Claims,
  { node, sure, matched, why }: Identity & { readonly is: 'node' },
): void {
  const { name, seen } = node;
  known.set(mac, { uuid, switchPort, bmc: seen.bmc, name, sure, matched, why });
  const oldest = known.size > KEPT ? known.keys().next().value : undefined;
  if (oldest !== undefined) known.delete(oldest);
}
