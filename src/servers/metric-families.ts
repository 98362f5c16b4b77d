import { Counter, collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import type { Fleet } from '../core/fleet.ts';
import { countLeases } from '../core/lease.ts';
import type { EnginePort } from '../core/ports.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { Traffic } from './traffic.ts';

/** Numbers of the running servers, by name: `dhcp_received_total`, `tftp_active_transfers`. Read when somebody asks. */
export type ServiceCounts = () => Readonly<Record<string, number>>;
export type ServiceTraffic = () => readonly (readonly [service: string, traffic: Traffic])[];

export const PREFIX = 'crashcart_';

/** Of prom-client: gauges that are named as counters, whose rate an alert would ask for. Each is the sum of the gauge by type. */
const SUMS = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'] as const;

/** Labels are words of this program, never names of machines: as many series for 2,000 machines as for two. */
export function addProgram(registry: Registry, version: string): void {
  collectDefaultMetrics({ register: registry, prefix: PREFIX });
  for (const name of SUMS) registry.removeSingleMetric(`${PREFIX}${name}`);
  const info = new Gauge({ name: `${PREFIX}info`, help: 'Version', labelNames: ['version'], registers: [registry] });
  info.set({ version }, 1);
}

/** Counted when asked for, and set once for each word: once for each of 1,000 machines took the engine 5-16 ms (measured). */
export function addFleet(registry: Registry, engine: EnginePort): void {
  const count = (name: string, help: string, label: string, read: (fleet: Fleet) => Iterable<string>) => {
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset();
        for (const [value, times] of countEach(read(engine.fleet()))) this.set({ [label]: value }, times);
      },
    });
  };
  const nodes = (fleet: Fleet) => [...valuesOf(fleet.nodes)];
  count('nodes', 'Machines of the inventory by phase', 'phase', (fleet) => nodes(fleet).map((node) => node.phase.is));
  count('nodes_health', 'Machines of the inventory by health', 'health', (fleet) =>
    nodes(fleet).map((node) => ('code' in node.health ? node.health.code : node.health.is)),
  );
  count('jobs', 'Jobs that are armed or running, by kind', 'kind', (fleet) =>
    nodes(fleet).flatMap((node) => (node.job === undefined ? [] : [node.job.kind])),
  );
  const sizes = { leases: countLeases, strangers: (fleet: Fleet) => fleet.strangers.size };
  for (const [name, read] of Object.entries(sizes)) {
    new Gauge({
      name: `${PREFIX}${name}`,
      help: `Number of ${name}`,
      registers: [registry],
      collect() {
        this.set(read(engine.fleet()));
      },
    });
  }
}

function countEach(words: Iterable<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

const TRAFFIC: Readonly<Record<keyof Traffic, readonly [name: string, help: string]>> = {
  requests: ['service_requests_total', 'Packets, requests or reports that each service took'],
  errors: ['service_errors_total', 'Of them not to be understood, refused, broken off or not answered'],
  bytes: ['service_sent_bytes_total', 'Bytes of files, texts and DHCP replies that each service sent'],
};

/** What each number of the services means, for who makes an alert of it. */
const NUMBERS: Readonly<Record<string, string>> = {
  bulk_threads: 'Threads that send images and loaders now',
  bulk_thread_restarts_total: 'Threads that died and were replaced',
  dhcp_received_total: 'Packets that came to the DHCP port',
  dhcp_sent_total: 'Replies that the kernel took',
  dhcp_cut_total: 'Replies not sent because one machine had too many sent to addresses of its network',
  dhcp_broken_total: 'Packets that are no DHCP, or broken',
  dhcp_send_errors_total: 'Replies that the kernel refused, or that waited too long for it',
  dhcp_events_cut_total: 'What machines and strangers said so often that it was not written down',
  proxy_dhcp_received_total: 'Packets that came to the boot server port, 4011',
  proxy_dhcp_sent_total: 'Replies of the boot server port that the kernel took',
  proxy_dhcp_cut_total:
    'Requests on the boot server port not answered because there were too many from one address, or in all',
  proxy_dhcp_broken_total: 'Packets to the boot server port that are no DHCP, or broken',
  proxy_dhcp_send_errors_total:
    'Replies of the boot server port that the kernel refused, or that waited too long for it',
  tftp_active_transfers: 'TFTP transfers on their way now',
  http_connections: 'HTTP connections that are open now',
  http_active_transfers: 'HTTP transfers of files on their way now',
};

export const helpOf = (name: string): string | undefined => NUMBERS[name];

export function addServices(registry: Registry, counts: ServiceCounts, traffic: ServiceTraffic): void {
  for (const name of Object.keys(counts())) {
    const read = () => counts()[name] ?? 0;
    addNumber(registry, name, read);
  }
  for (const [key, [name, help]] of Object.entries(TRAFFIC) as [keyof Traffic, readonly [string, string]][]) {
    new Counter({
      name: `${PREFIX}${name}`,
      help,
      labelNames: ['service'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [service, one] of traffic()) this.inc({ service }, one[key]);
      },
    });
  }
}

/** A counter is read where the server counts, and told anew each time: a service that was started again begins at 0. */
function addNumber(registry: Registry, name: string, read: () => number): void {
  const about = { name: `${PREFIX}${name}`, help: helpOf(name) ?? name.replaceAll('_', ' '), registers: [registry] };
  if (name.endsWith('_total')) {
    new Counter({
      ...about,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
    return;
  }
  new Gauge({
    ...about,
    collect() {
      this.set(read());
    },
  });
}
