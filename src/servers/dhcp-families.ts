import { Counter, Gauge, type Registry } from 'prom-client';
import type { PoolUse } from '../netboot/pool-use.ts';
import { SILENCES, type SilenceCounts } from '../netboot/silence.ts';

/** What is told of addresses and silence, read when somebody asks. Labels are subnets of the site and words of this program. */
export interface DhcpNumbers {
  readonly pools: () => readonly PoolUse[];
  readonly silences: () => readonly (readonly [service: string, counts: SilenceCounts])[];
}

const POOL_HELP =
  'Addresses of the pool of each subnet by state; free and reserved (kept for a machine of the inventory that has it not from us now) are those left, of declined and foreign others are';

const SILENCE_HELP = `Requests that were understood and not answered, by reason: ${Object.entries(SILENCES)
  .map(([kind, meaning]) => `${kind} = ${meaning}`)
  .join('; ')}`;

export function addDhcp(registry: Registry, prefix: string, { pools, silences }: DhcpNumbers): void {
  new Gauge({
    name: `${prefix}dhcp_pool_addresses`,
    help: POOL_HELP,
    labelNames: ['subnet', 'state'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { subnet, addresses } of pools())
        for (const [state, count] of Object.entries(addresses)) this.set({ subnet, state }, count);
    },
  });
  new Counter({
    name: `${prefix}dhcp_silent_total`,
    help: SILENCE_HELP,
    labelNames: ['service', 'reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [service, counts] of silences())
        for (const [reason, count] of Object.entries(counts)) this.inc({ service, reason }, count);
    },
  });
}
