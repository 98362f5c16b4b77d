import type { EventBody } from '../core/event.ts';
import { nodeOf } from '../core/fleet.ts';
import { MINUTE_MS } from '../core/time.ts';
import { renderIpv4 } from '../protocols/ipv4.ts';
import { hasFirst } from './boot-site.ts';
import type { DhcpAsk } from './dhcp-ask.ts';

/** An offer that was heard is the one that is taken, if it is of this boot. */
const SAME_BOOT_MS = MINUTE_MS;

/**
 * A REQUEST says which server's offer its machine took. That server may answer by unicast, as it does where a ROM asks
 * without the broadcast flag: then nobody else hears of it.
 */
export function tookRival(ask: DhcpAsk, serverId: number, requested: number | undefined): readonly EventBody[] {
  const { site } = ask.view;
  if (site.nets.some((net) => net.server === serverId)) return [];
  const server = renderIpv4(serverId);
  const isFirst = hasFirst(ask.net);
  const iface = ask.arrival.iface ?? ask.net.spec.interface ?? '';
  const heard = { type: 'rival.heard', server, mac: '', offers: '', iface, namedBy: ask.node ?? ask.key } as const;
  const told = isFirst ? [] : [heard];
  if (ask.node === undefined) return told;
  const address = requested === undefined ? {} : { address: renderIpv4(requested) };
  const byFirmware = ask.client.kind === 'os' ? {} : ({ took: true, ...bootFileOf(ask, ask.node, server) } as const);
  const first = isFirst ? ({ first: true } as const) : {};
  return [
    { type: 'dhcp.rivalAnswered', node: ask.node, server, ack: false, ...byFirmware, ...address, ...first },
    ...told,
  ];
}

/** What that server's offer to this machine was heard to hand out. */
function bootFileOf({ view }: DhcpAsk, name: string, server: string) {
  const heard = nodeOf(view.fleet, name)?.seen.rivals?.find((one) => one.server === server);
  if (heard === undefined || view.at - heard.at > SAME_BOOT_MS) return { file: 'unheard' } as const;
  return heard.bootFile === undefined ? ({ file: 'none' } as const) : { bootFile: heard.bootFile };
}
