import type { CutOffNet, ServiceState } from '../core/event.ts';
import type { EnginePort } from '../core/ports.ts';
import type { Result } from '../core/result.ts';
import type { SiteSpec } from '../core/spec.ts';
import type { ServerNews } from '../servers/create-dhcp-server.ts';
import { AGAIN_MS } from '../servers/radar-ears.ts';
import type { BootServer, ServerProblem } from '../servers/server-parts.ts';

/** A server names itself in what it says; wherever this is shown its name stands before it already. */
export const withoutName = (name: string, why: string): string =>
  why.startsWith(`${name}: `) ? why.slice(name.length + 2) : why;

/**
 * Where all networks have a DHCP server of their own, that may be on this very host: then machines hear of us by it alone
 * (its option 60 says PXEClient), and ask on the proxy port, which it leaves to us.
 */
export function besideDhcp(site: SiteSpec, problem: ServerProblem): ServiceState | undefined {
  const served = site.networks.filter((net) => net.dhcp !== 'off');
  if (problem.isTaken !== true || served.some((net) => net.dhcp !== 'proxy')) return undefined;
  const { dhcp, proxy } = site.ports;
  const why = `UDP ${dhcp} is the DHCP server's on this host: machines are told of us if that one offers option 60 PXEClient, and ask on port ${proxy}`;
  return { is: 'off', why };
}

/** How a start went, as everybody is told of it. */
export function stateOf(name: string, made: Result<BootServer, ServerProblem>): ServiceState {
  return made.ok
    ? { is: 'ok', listens: listensOf(made.value), ...hampersOf(made.value.hampered, made.value.cutOff) }
    : { is: 'failed', why: withoutName(name, made.error.why), advice: made.error.advice };
}

/** Where a service that goes on listens now, and what hampers it. */
export function tellNews(engine: EnginePort, service: string, { listens, warning, cutOff }: ServerNews): void {
  if (engine.fleet().services[service]?.is !== 'ok') return;
  const state: ServiceState = { is: 'ok', listens: listensOf({ listens }), ...hampersOf(warning, cutOff) };
  engine.emit({ type: 'service.changed', service, state });
}

const hampersOf = (warning: string | undefined, cutOff: readonly CutOffNet[] = []) => ({
  ...(warning === undefined ? {} : { warning }),
  ...(cutOff.length === 0 ? {} : { cutOff }),
});

/** Of an interface that is not there yet it has no address, and goes on by itself when it comes. */
export const tellListens = (service: string, listens: string): string =>
  listens === '' ? `${service} listens nowhere yet` : `${service} listens on ${listens}`;

/**
 * Without ears it is off, and says why: silence would look as if the wire had been listened to. The relays of a simulated
 * rack pass on to us whatever is broadcast on its segments, other servers' answers too; real ones do not.
 */
export function radarState(radar: Pick<BootServer, 'listens' | 'warnings'>, simulated: boolean): ServiceState {
  const [why, ...more] = radar.warnings;
  if (radar.listens.length > 0) {
    const hampers = why === undefined ? {} : { warning: [why, ...more].join('; ') };
    return { is: 'ok', listens: listensOf(radar), ...hampers };
  }
  if (why !== undefined) return { is: 'off', why: [why, ...more].join('; '), advice: EARS_AGAIN };
  return simulated
    ? { is: 'ok', listens: 'DHCP port (simulated segments)' }
    : { is: 'off', why: 'no network names an interface; other servers are found only by what machines say' };
}

const EARS_AGAIN = `it is tried again every ${AGAIN_MS / 1000} s, and listens by itself when it can`;

const listensOf = ({ listens }: Pick<BootServer, 'listens'>): string =>
  listens.map((one) => `${one.address}:${one.port}`).join(', ');
