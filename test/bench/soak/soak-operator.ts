import type { Fleet } from '../../../src/core/fleet.ts';
import { nodeOf } from '../../../src/core/fleet.ts';
import type { JobKind } from '../../../src/core/job.ts';
import type { OperatorAction } from '../../../src/core/operator-action.ts';
import type { Result } from '../../../src/core/result.ts';
import { connectLink, type LinkClient } from '../../../src/link/connect-link.ts';
import { dialControl } from '../../../src/link/control-socket.ts';
import type { FromClient, FromEngine } from '../../../src/link/link-protocol.ts';
import type { NodePreview } from '../../../src/link/screen-port.ts';
import { createSocketCarrier } from '../../../src/link/socket-carrier.ts';

/** A person at `attach`: sees what a screen sees, and orders over the control socket as commands do. */
export interface SoakOperator {
  readonly fleet: () => Fleet;
  readonly events: () => number;
  /** Previews, then a wave of exactly what was previewed. What is refused is named and left out. */
  readonly startWave: (
    kind: JobKind,
    nodes: readonly string[],
    width: number,
  ) => Promise<{ readonly started: readonly string[]; readonly refused: ReadonlyMap<string, string> }>;
  readonly act: (action: OperatorAction) => Promise<Result<unknown>>;
  readonly close: () => void;
}

const EVERY_MS = 100;
/** A wave that stops after some failures is for people; here failures are ordered. */
const NEVER = 1_000_000;

const LOOKS = 10;

const refusalsOf = (previews: readonly NodePreview[]): ReadonlyMap<string, string> =>
  new Map(
    previews.flatMap(({ node, refusals }) => (refusals.length === 0 ? [] : [[node, refusals.join('; ')] as const])),
  );

async function connect(socket: string): Promise<LinkClient> {
  const dialled = await dialControl(socket);
  if (!dialled.ok) throw new Error(dialled.error);
  const carrier = createSocketCarrier<FromClient, FromEngine>(dialled.value);
  const client = await connectLink(carrier, { user: 'soak', from: 'bench', screen: 'soak', write: true });
  if (!client.ok) throw new Error(client.error);
  return client.value;
}

export async function openOperator(socket: string): Promise<SoakOperator> {
  const client = await connect(socket);
  let fleet: Fleet | undefined;
  let events = 0;
  let gone: string | undefined;
  client.onClose((reason) => {
    gone = reason;
  });
  await new Promise<void>((resolve) => {
    client.follow((next, batch) => {
      fleet = next;
      events += batch.length;
      resolve();
    }, EVERY_MS);
  });
  const act = (action: OperatorAction) => client.ask({ type: 'act', action });
  return {
    fleet: () => {
      if (fleet === undefined || gone !== undefined) throw new Error(`the engine is gone: ${gone}`);
      return fleet;
    },
    events: () => events,
    act,
    async startWave(kind, nodes, width) {
      for (let tries = 1; ; tries += 1) {
        const preview = (await client.ask({ type: 'preview', nodes, kind })) as Result<readonly NodePreview[]>;
        if (!preview.ok) throw new Error(`preview: ${preview.error}`);
        const refused = refusalsOf(preview.value);
        const taken = preview.value.filter(({ node }) => !refused.has(node));
        const names = taken.map(({ node }) => node);
        if (names.length === 0) return { started: [], refused };
        const planHashes = Object.fromEntries(taken.map(({ node, planHash }) => [node, planHash]));
        const confirmed = names.length === 1 ? (names[0] ?? '') : `ERASE ${names.length}`;
        const wave = { type: 'wave', kind, nodes: names, planHashes, confirmed } as const;
        const started = await act({ ...wave, canary: 0, width, stopAfterFailures: NEVER });
        if (started.ok) return { started: names, refused };
        // A machine told more of itself in between: the operator looks again, as he is told.
        if (tries === LOOKS || !/look at it again/.test(started.error)) throw new Error(`wave: ${started.error}`);
      }
    },
    close: () => client.close(),
  };
}

/** How it stands, in one line. */
export function describeNode(fleet: Fleet, name: string): string {
  const node = nodeOf(fleet, name);
  if (node === undefined) return `${name}: not in the inventory`;
  const { phase, health, job } = node;
  const code = 'code' in health ? ` ${health.code} (${health.detail})` : '';
  return `${name}: ${phase.is}, ${health.is}${code}${job === undefined ? '' : `, job ${job.kind} attempt ${job.attempts}`}`;
}
