import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok } from '../../../src/core/result.ts';
import { bmcProblem } from '../../../src/drivers/bmc-problem.ts';
import { createDeadline, type Deadline } from '../../../src/drivers/bmc-wait.ts';
import { type BmcContext, findContext } from '../../../src/drivers/redfish/bmc-context.ts';
import { readBootProgress } from '../../../src/drivers/redfish/boot-progress.ts';
import type { Client } from '../../../src/drivers/redfish/client.ts';
import { readWhole } from '../../../src/drivers/redfish/identity.ts';
import type { Json } from '../../../src/drivers/redfish/json.ts';
import { setLocate } from '../../../src/drivers/redfish/locate.ts';
import { readLog } from '../../../src/drivers/redfish/log.ts';
import { insertMedia } from '../../../src/drivers/redfish/media.ts';
import { clearOverride, overrideOnce, readOverride } from '../../../src/drivers/redfish/override.ts';
import { readStatus, setPower } from '../../../src/drivers/redfish/power.ts';
import { personalityOf } from '../../../src/sim/bmc/personalities.ts';
import type { PersonalityName } from '../../../src/sim/bmc/personality.ts';
import { createSimState, simIdentity } from '../../../src/sim/bmc/sim-state.ts';
import { renderResource } from '../../../src/sim/bmc/sim-tree.ts';
import { fastTimings } from './sim-port.ts';

/** The driver above its connection, on a tree in memory: thousands of damaged trees in seconds. */

export type Tree = ReadonlyMap<string, Json>;

const bare = (path: string): string => path.split('?')[0]?.replace(/\/+$/, '') ?? path;

function linksIn(value: unknown, found: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === 'string' && /(?:@odata\.id|@Redfish\.ActionInfo)$/.test(name))
      found.add(bare(inner.split('#')[0] ?? ''));
    else linksIn(inner, found);
  }
}

export function simTree(name: PersonalityName): Tree {
  const state = createSimState(personalityOf(name), simIdentity(3), {});
  state.power = 'On';
  state.log.push({ at: new Date(0), severity: 'Critical', text: 'PSU 2 failed' });
  const tree = new Map<string, Json>();
  const open = new Set(['/redfish/v1']);
  for (const path of open) {
    const json = renderResource(state, path, '');
    if (json === undefined) continue;
    tree.set(path, json);
    linksIn(json, open);
  }
  return tree;
}

export function recordedTree(folder: string): Tree {
  const tree = new Map<string, Json>();
  const visit = (at: string, path: string) => {
    const file = join(at, 'index.json');
    if (existsSync(file)) {
      const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
      if (typeof json === 'object' && json !== null) tree.set(path, json as Json);
    }
    for (const entry of readdirSync(at, { withFileTypes: true }))
      if (entry.isDirectory()) visit(join(at, entry.name), `${path}/${entry.name}`);
  };
  visit(join(folder, 'redfish'), '/redfish');
  return tree;
}

export interface Bench {
  readonly requests: () => number;
  readonly client: Client;
}

/** Writes are taken and change nothing: what is read back afterwards is the same damaged tree. */
export function treeClient(tree: Tree): Bench {
  let requests = 0;
  const missing = (path: string) => fail(bmcProblem('unsupported', `127.0.0.1 answered 404 to GET ${path}: not there`));
  const client: Client = {
    host: '127.0.0.1',
    heldMs: () => 0,
    request: async () => {
      requests += 1;
      return ok({ status: 204, body: { kind: 'empty' } });
    },
    get: async (path) => {
      requests += 1;
      const json = tree.get(bare(path));
      return json === undefined ? missing(path) : ok({ path, json, sizeBytes: 1_000 });
    },
  };
  return { client, requests: () => requests };
}

const timings = {
  ...fastTimings,
  readBackMs: 2,
  readBackPollMs: 1,
  powerWaitMs: 4,
  powerPollMs: 1,
  busyMs: 20,
  mediaSettleMs: 1,
  offToOnMs: 1,
  retryFirstMs: 0.1,
  retryMaxMs: 0.2,
  shutdownWaitMs: 4,
};
const never = new AbortController().signal;

export async function contextOf(tree: Tree, client: Client, deadline: Deadline) {
  const root = tree.get('/redfish/v1') ?? {};
  const link = (name: string) => {
    const value = (root[name] as { '@odata.id'?: unknown } | undefined)?.['@odata.id'];
    return typeof value === 'string' ? value : `/redfish/v1/${name}`;
  };
  const found = await findContext(
    client,
    { systems: link('Systems'), managers: link('Managers'), sessions: '/redfish/v1/S', json: root },
    undefined,
    timings,
    () => undefined,
    deadline,
  );
  return found.ok ? ok(found.value.context) : found;
}

type Operation = (
  context: BmcContext,
  deadline: Deadline,
) => Promise<{ readonly ok: boolean; readonly value?: unknown; readonly error?: unknown }>;

export const READS: Readonly<Record<string, Operation>> = {
  readStatus,
  readIdentity: async (context, deadline) => {
    const whole = await readWhole(context, deadline, new Map());
    return whole.ok ? ok(whole.value.identity) : whole;
  },
  readBootProgress,
  readLog: (context, deadline) => readLog(context, 5, deadline),
  readOverride: (context) => readOverride(context, never),
};

export const WRITES: Readonly<Record<string, Operation>> = {
  overrideOnce: (context) => overrideOnce(context, 'pxe', 'uefi', false, never),
  clearOverride: (context) => clearOverride(context, never),
  setPower: (context) => setPower(context, 'cycle', never),
  setLocate: (context) => setLocate(context, true, undefined, never),
  insertMedia: (context) => insertMedia(context, 'http://127.0.0.1/x.iso', never),
};

export const deadline = (ms = 20_000): Deadline => createDeadline(ms, never);
