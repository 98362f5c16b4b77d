import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inventoryLoaded, openInventory } from '../../../src/cli/inventory-keeper.ts';
import type { Event, EventBody, WaveEntry } from '../../../src/core/event.ts';
import { emptyFleet, type Fleet } from '../../../src/core/fleet.ts';
import { FLEET_FORMAT, renderFleet } from '../../../src/core/fleet-json.ts';
import type { Plan } from '../../../src/core/job.ts';
import { JOBS_KEPT } from '../../../src/core/node.ts';
import { reduce } from '../../../src/core/reduce.ts';
import type { NodeSpec } from '../../../src/core/spec.ts';
import { MINUTE_MS } from '../../../src/core/time.ts';
import { openSnapshot } from '../../../src/store/open-snapshot.ts';
import { prepareStateDir } from '../../../src/store/state-dir.ts';

/** One machine's way from its BMC's order to `ready`, as a soak's journal had it: first its plan, then each event. */
const [PLAN = '', ...EVENTS] = readFileSync(join(import.meta.dirname, 'provisioning.jsonl'), 'utf8')
  .trim()
  .split('\n');

const HOUR_MS = 60 * MINUTE_MS;

/** What a state folder holds before the program starts on it. */
export interface Filled {
  readonly seq: number;
  readonly fleet: Fleet;
}

/**
 * Every bounded history of every machine is full before the first wave: each was provisioned eight times before, by the
 * real reducer, in waves. Ten minutes alone are too short for that, and while histories fill nobody can tell a leak.
 */
export async function fillHistories(inventoryFolder: string, stateDir: string, groups: number): Promise<Filled> {
  const inventory = await openInventory(inventoryFolder);
  if (!inventory.ok) throw new Error(inventory.error.message);
  // Control planes go one at a time: in a wave with others they would hold it up.
  const nodes = inventory.value.current().nodes.filter(({ bmc, role }) => bmc !== undefined && role !== 'controlplane');
  let fleet = emptyFleet(0);
  let seq = 0;
  const feed = (event: Event) => {
    [fleet] = reduce(fleet, event);
    seq += 1;
  };
  const firstMs = Date.now() - (JOBS_KEPT + 1) * HOUR_MS;
  const loaded: EventBody = inventoryLoaded(inventory.value.current(), inventory.value.hash(), []);
  feed({ ...loaded, time: firstMs });
  for (let round = 0; round < JOBS_KEPT; round += 1)
    for (let group = 0; group < groups; group += 1) {
      const own = nodes.filter((_, index) => index % groups === group);
      for (const event of provisionings(own, `${round}-${group}`, firstMs + (round + group / groups) * HOUR_MS))
        feed(event);
    }
  await save(stateDir, seq, fleet);
  return { seq, fleet };
}

async function save(stateDir: string, seq: number, fleet: Fleet): Promise<void> {
  const prepared = await prepareStateDir(stateDir, process.getuid?.() ?? 0);
  const saved = prepared.ok
    ? await openSnapshot(stateDir, { version: FLEET_FORMAT }).save(seq, renderFleet(fleet))
    : prepared;
  if (!saved.ok) throw new Error(saved.error);
}

/** A wave over these, and what each of them told in it, one after the other. */
function* provisionings(nodes: readonly NodeSpec[], wave: string, atMs: number): Generator<Event> {
  const written = nodes.map((spec) => [spec.name, writerFor(spec, wave)] as const);
  const entries = written.map(
    ([node, write]): WaveEntry => ({ node, job: `${wave}-${node}`, plan: JSON.parse(write(PLAN)) as Plan }),
  );
  const by = { user: 'soak', from: 'bench' };
  const how = { canary: 0, width: nodes.length, stopAfterFailures: nodes.length, by } as const;
  yield { type: 'site.waveStarted', wave, kind: 'install', nodes: entries, ...how, time: atMs };
  for (const [node, write] of written) {
    // Each boot is another process of Talos: told twice, it would not count.
    const mark = Number.parseInt(hashOf(`${wave} ${node}`).slice(0, 8), 16);
    for (const text of EVENTS) yield later(JSON.parse(write(text)) as Event, atMs, mark);
  }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Puts the names of a machine into a text. */
function writerFor({ name, identity, network, talos }: NodeSpec, wave: string): (text: string) => string {
  const mac = identity.macs[0] ?? '';
  const values: Readonly<Record<string, string>> = {
    node: name,
    mac,
    mac12: mac.replaceAll(':', ''),
    ip: network.ip ?? '',
    uuid: identity.uuid ?? '',
    serial: identity.serial ?? '',
    disk: talos.disk?.serial ?? '',
    job: `${wave}-${name}`,
    configHash: hashOf(`config ${name}`),
    planHash: hashOf(`plan ${name}`),
  };
  return (text) => text.replace(/\{(\w+)\}/g, (braces, key: string) => values[key] ?? braces);
}

/** Times stand in the record as milliseconds since its begin. */
function later(event: Event, ms: number, mark: number): Event {
  const time = event.time + ms;
  if (event.type === 'bmc.resetDone') return { ...event, time, askedAt: event.askedAt + ms };
  if (event.type === 'lease.granted') return { ...event, time, until: event.until + ms };
  if (!('told' in event) || event.told === undefined) return { ...event, time };
  const { told } = event;
  if (told.by === 'kernelLog') return { ...event, time, told: { ...told, mark: told.mark + mark } };
  const series = (Number.parseInt(told.series, 16) ^ mark).toString(16);
  return { ...event, time, told: { ...told, series, at: told.at + ms } };
}
