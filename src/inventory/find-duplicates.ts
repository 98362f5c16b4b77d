import { canonicalUuid } from '../core/identity.ts';
import type { ParsedNode } from './parse-node.ts';
import { type Report, renderPlace } from './report.ts';
import { type Spot, startOf } from './yaml-tree.ts';

/** One name that only one machine may have, in a spelling that compares. */
interface Claim {
  readonly what: string;
  readonly key: string;
  readonly shown: string;
  readonly at: Spot;
}

function claimsOf({ node, reading }: ParsedNode): Claim[] {
  const { identity, network, bmc } = node;
  const claims: Claim[] = [];
  const claim = (what: string, value: string | undefined, at: Spot, key = value?.toLowerCase()) => {
    if (value !== undefined && key !== undefined) claims.push({ what, key: `${what} ${key}`, shown: value, at });
  };
  claim('host name', node.name, startOf(node.file));
  for (const [index, mac] of identity.macs.entries()) claim('MAC', mac, reading.at('macs', index));
  // Some firmware prints the first three fields in the other byte order.
  claim('UUID', identity.uuid, reading.at('uuid'), canonicalUuid(identity.uuid));
  claim('board serial', identity.boardSerial, reading.at('boardSerial'));
  claim('asset', identity.asset, reading.at('asset'));
  claim('switch port', identity.switchPort, reading.at('switchPort'));
  claim('ip', network.ip, reading.at('ip'));
  if (bmc !== undefined) {
    const where = `${bmc.url.replace(/\/+$/, '')} ${bmc.system ?? ''}`.trim();
    claim('BMC', where, reading.at('bmc', 'url'));
  }
  return claims;
}

/** The four boards of one chassis share its serial; then each must be told apart by its board's. */
function checkSerials(nodes: readonly ParsedNode[], report: Report): void {
  const owners = new Map<string, ParsedNode[]>();
  for (const one of nodes) {
    const serial = one.node.identity.serial?.toLowerCase();
    if (serial === undefined) continue;
    const list = owners.get(serial);
    if (list === undefined) owners.set(serial, [one]);
    else list.push(one);
  }
  for (const list of owners.values()) {
    const [first] = list;
    // Without a slot, a board serial each is proof enough that these are different boards.
    if (first === undefined || list.length === 1 || list.every((one) => one.node.identity.boardSerial)) continue;
    const isChassis = list.every((one) => one.node.place.slot !== undefined);
    for (const one of list) {
      const other = one === first ? list[1] : first;
      const where = other === undefined ? '' : renderPlace(other.reading.at('serial'));
      if (isChassis && one.node.identity.boardSerial !== undefined) continue;
      if (!isChassis && one === first) continue;
      const isSame = other?.reading.at('serial').file === one.reading.at('serial').file;
      if (isSame) {
        report.error(one.reading.at('serial'), 'serial is inherited by several machines; write it in each own file');
        continue;
      }
      const message = isChassis
        ? `serial ${one.node.identity.serial} is shared by the machines of a chassis (${where}); write boardSerial:`
        : `serial ${one.node.identity.serial} is also at ${where}; boards that share a chassis need boardSerial: each`;
      report.error(one.reading.at('serial'), message);
    }
  }
}

/** Case and byte order do not tell two machines apart. Each problem names both places. */
export function* findDuplicates(nodes: readonly ParsedNode[], report: Report): Generator<void> {
  const first = new Map<string, Spot>();
  for (const one of nodes) {
    for (const { what, key, shown, at } of claimsOf(one)) {
      const other = first.get(key);
      if (other === undefined) first.set(key, at);
      else if (other.file === at.file && other.offset === at.offset) {
        report.error(at, `${what} ${shown} is inherited by several machines; write it in each machine's own file`);
      } else report.error(at, `${what} ${shown} is also at ${renderPlace(other)}`);
    }
    yield;
  }
  checkSerials(nodes, report);
}
