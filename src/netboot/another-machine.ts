import type { NodeState } from '../core/node.ts';
import { SECOND_MS, type TimeMs } from '../core/time.ts';
import { hasMac, type Identity } from './identity.ts';

/** A transfer that is under way tells of itself each second. One that ended may have sent the machine to its next NIC. */
const GOES_ON_MS = 10 * SECOND_MS;

const WORDS: Readonly<Record<string, string>> = {
  uuid: 'UUID',
  serial: 'serial',
  boardSerial: 'board serial',
  asset: 'asset tag',
  switchPort: 'switch port',
};

/**
 * Who names itself as an armed machine that boots at this moment by a NIC on record, and has none that is: another machine
 * with the same UUID, or on the same switch port. A machine that loads a system, or runs one, does not ask as firmware
 * beside it. Without a node nothing that it does ends that boot, or is shown as that machine's.
 */
export function unlessAnother(identity: Identity, macs: readonly string[], at: TimeMs): Identity {
  if (identity.is !== 'node' || identity.sure || identity.node.job === undefined) return identity;
  const { node, matched } = identity;
  const { mac } = node.seen;
  if (mac === undefined || !hasMac(node, mac) || macs.some((one) => hasMac(node, one)) || !bootsNow(node, at))
    return identity;
  const names = matched.map((kind) => WORDS[kind] ?? kind).join(' and ');
  const why = `its ${names} is that of ${node.name}, which boots by ${mac} at this moment: it is another machine`;
  return { is: 'conflict', names: [node.name], poses: node.name, why };
}

function bootsNow({ phase, health, attempt }: NodeState, at: TimeMs): boolean {
  if (health.is === 'stalled' || health.is === 'failed' || health.is === 'conflict') return false;
  switch (phase.is) {
    case 'script':
      return phase.answer !== 'local' && at - phase.since < GOES_ON_MS;
    case 'kernel':
    case 'initrd':
      return at - (attempt?.lastActivityAt ?? 0) < GOES_ON_MS;
    case 'handoff':
    case 'up':
    case 'config':
    case 'maintenance':
    case 'wiping':
    case 'installing':
      return true;
    default:
      return false;
  }
}
