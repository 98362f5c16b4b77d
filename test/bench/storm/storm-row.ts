import type { BenchRow, PeerFigure } from '../bench-figures.ts';
import type { Measured } from '../net/run-netload.ts';

/** What was measured of one case: our program, and each stack beside it or why it is not here. */
export interface StormMeasured {
  readonly ours: Measured;
  /** The longest turn of the engine's loop; undefined where /metrics did not answer. */
  readonly stallMs: number | undefined;
  /** How late the host woke a real-time thread meanwhile, which no program can do better; undefined where none may be. */
  readonly hostLateMs: number | undefined;
  /** Bytes of the attached screen during the storm. */
  readonly drawnBytes: number;
  readonly stacks: readonly (readonly [name: string, found: Measured | string])[];
}

export interface StormCase {
  readonly what: string;
  readonly machines: number;
  readonly limitS: number;
  readonly aims: Readonly<Record<string, number>>;
}

const DHCP_P99_AIM_MS = 50;
const STALL_AIM_MS = 20;

/** First who finished at all: a time means nothing for machines that were never served. */
export function stormRow(one: StormCase, { ours, stallMs, hostLateMs, drawnBytes, stacks }: StormMeasured): BenchRow {
  const lost = one.machines - ours.clients_ok;
  const missing = stacks.flatMap(([, found]) => (typeof found === 'string' ? [found] : []));
  return {
    series: 'storm',
    what: one.what,
    unit: 's',
    ours: lost > 0 ? undefined : ours.elapsed_s,
    peers: Object.fromEntries(stacks.map(([name, found]) => [name, peerFigure(one, found)])),
    better: 'down',
    aims: one.aims,
    own: [
      { what: 'DHCP p99', unit: 'ms', value: ours.dhcp_pxe?.p99_ms, atMost: DHCP_P99_AIM_MS },
      { what: "the engine's longest stall", unit: 'ms', value: stallMs, atMost: STALL_AIM_MS },
    ],
    broken: [
      ...(lost > 0 ? [`${lost} of ${one.machines} were NOT SERVED by crashcart`] : []),
      // The figure stands for a run that an operator watches; one that nobody watched is another figure.
      ...(drawnBytes === 0 ? ['the attached screen drew nothing during the storm'] : []),
    ],
    note: [
      describe('crashcart', one, ours),
      `the screen drew ${(drawnBytes / 1000).toFixed(0)} KB`,
      `the host itself woke a real-time thread up to ${hostLateMs?.toFixed(0) ?? '-'} ms late`,
      ...stacks.flatMap(([name, found]) => (typeof found === 'string' ? [] : [describe(name, one, found)])),
      ...missing,
    ].join('; '),
  };
}

/** Machines that gave up count like those that still wait. */
function peerFigure({ machines, limitS }: StormCase, found: Measured | string): PeerFigure | undefined {
  if (typeof found === 'string') return undefined;
  if (found.clients_ok >= machines) return found.elapsed_s;
  return { after: Math.min(found.elapsed_s, limitS), served: found.clients_ok, of: machines };
}

function describe(name: string, { machines }: StormCase, of: Measured): string {
  const failed = Object.entries(of.failed).filter(([, count]) => count > 0);
  const ms = (value: number | undefined) => value?.toFixed(0) ?? '-';
  return [
    `${name}: ${of.clients_ok} of ${machines}`,
    `DHCP p50/p99 ${ms(of.dhcp_pxe?.p50_ms)}/${ms(of.dhcp_pxe?.p99_ms)} ms, as iPXE ${ms(of.dhcp_ipxe?.p50_ms)}/${ms(of.dhcp_ipxe?.p99_ms)} ms`,
    `machine p50/p99 ${(of.total.p50_ms / 1000).toFixed(1)}/${(of.total.p99_ms / 1000).toFixed(1)} s`,
    `${of.retransmits['dhcp_pxe'] ?? 0} retransmits`,
    `${of.serverCpuS.toFixed(0)} CPU s, ${of.serverRssMb.toFixed(0)} MB`,
    ...(failed.length > 0
      ? [`failed ${failed.map(([step, count]) => `${step} ${count}`).join(', ')} (${of.first_error})`]
      : []),
  ].join(', ');
}
