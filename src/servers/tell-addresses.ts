import { isContested } from '../core/contested.ts';
import type { LogLine } from '../core/ports.ts';
import type { HeardAddressesParts } from './heard-addresses.ts';
import type { RoutedProbeParts } from './probe-routed.ts';
import type { BootParts } from './server-parts.ts';
import { tellContested, tellUncontested } from './tell-contested.ts';

/** What is told of who stands at which address, as events where it is a machine's own and as lines of the log. */
export function tellAddresses(
  parts: Pick<BootParts, 'engine' | 'onLog'>,
): Pick<HeardAddressesParts, 'onForeign' | 'onUsed' | 'onTooMany' | 'onRouter' | 'onFree' | 'onShared'> {
  const { engine, onLog } = parts;
  const tell = (level: LogLine['level'], text: string, node = ''): void =>
    onLog({ at: engine.now(), node, source: 'dhcp', level, text });
  return {
    onForeign: (address, mac, { node, by, beside }, net) => {
      if (node !== undefined) {
        const usedBy = by === undefined ? {} : { usedBy: by };
        const isOnly = net.pool === undefined ? ({ isOnly: true } as const) : {};
        tellContested(parts, { type: 'address.contested', node, address, how: 'inventory', mac, ...usedBy, ...isOnly });
        return;
      }
      const also = beside === undefined || beside === by ? '' : `, and ${beside} was there a moment ago`;
      tell('warn', `${address} is used by ${nameOf(mac, by)}, which has it not from us${also}: it is not given out`);
    },
    onUsed: (address, mac, node) =>
      tell(
        'info',
        `${address} is used by ${nameOf(mac, node)}, which has it not from us: it is kept for ${node}`,
        node,
      ),
    onTooMany: ({ spec }, mac, node, address) =>
      tell(
        'warn',
        `${nameOf(mac, node)} stands at more addresses of ${spec.subnet} than one host may keep from others: ${address} and what it has beside are given out all the same, and two machines may use one address. Leave what it stands at out of the pool and of the machines' files`,
      ),
    onRouter: ({ spec }, mac, node) =>
      tell(
        'warn',
        `${nameOf(mac, node)} answers for whatever address of ${spec.subnet} is asked for, as a router with proxy ARP does: its answers keep no address from anybody, and who sits at one behind it is not seen from here`,
      ),
    onFree: (address, node) => {
      if (isContested(engine.fleet(), node, address))
        tellUncontested(parts, { type: 'address.uncontested', node, address });
    },
    onShared: (address, mac, { node, key }) => {
      if (node !== undefined) tellContested(parts, { type: 'address.contested', node, address, how: 'lease', mac });
      else tell('warn', `${mac} answers at ${address}, which ${key} has from us: two machines use one address`);
    },
  };
}

/** The same of what stands behind a relay. */
export const tellRoutedAddresses = (
  log: (level: LogLine['level'], text: string) => void,
): Pick<RoutedProbeParts, 'onForeign' | 'onUseless'> => ({
  onForeign: (address) =>
    log('warn', `${address} is used by a machine behind its relay, which has it not from us: it is not given out`),
  onUseless: ({ spec }) =>
    log('info', `addresses of ${spec.subnet} cannot be looked at before they are given: all of them seem to answer`),
});

const nameOf = (mac: string, node: string | undefined): string => (node === undefined ? mac : `${node} (${mac})`);
