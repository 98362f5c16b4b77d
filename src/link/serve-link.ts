import type { Event } from '../core/event.ts';
import { renderFleet } from '../core/fleet-json.ts';
import type { Actor } from '../core/job.ts';
import { fail, type Result } from '../core/result.ts';
import type { Session } from '../engine/act.ts';
import type { Engine } from '../engine/create-engine.ts';
import {
  type Ask,
  type Carrier,
  type FromClient,
  type FromEngine,
  LINK_VERSION,
  type WriteSide,
} from './link-protocol.ts';
import { parseAsk, parseFromClient } from './parse-from-client.ts';

export interface LinkHost {
  readonly engine: Engine;
  readonly program: string;
  readonly answer: (ask: Exclude<Ask, { readonly type: 'takeWrite' }>, session: Session) => Promise<Result<unknown>>;
  readonly bytesPerSecond: () => number;
}

export interface LinkServer {
  readonly take: (carrier: Carrier<FromEngine, FromClient>) => void;
  readonly clients: () => readonly string[];
  readonly stop: () => void;
}

interface Client {
  readonly carrier: Carrier<FromEngine, FromClient>;
  readonly name: string;
  readonly actor: Actor;
  readonly wantsWrite: boolean;
}

/** Many may look; one writes. The first that asks for the write side holds it until it leaves or another takes it over. */
export function createLinkServer(host: LinkHost): LinkServer {
  const clients = new Set<Client>();
  let writer: Client | undefined;

  const sideOf = (client: Client): WriteSide =>
    writer === client ? { mine: true } : { mine: false, holder: writer?.name ?? 'nobody' };
  const giveTo = (client: Client) => {
    const before = writer;
    writer = client;
    if (before !== undefined && before !== client) before.carrier.send({ t: 'write', write: sideOf(before) });
    client.carrier.send({ t: 'write', write: { mine: true } });
  };

  /** The write side goes back to the screen that has waited for it longest. */
  const passOn = () => {
    writer = undefined;
    const next = [...clients].find((client) => client.wantsWrite);
    if (next !== undefined) giveTo(next);
  };

  const greet = (
    carrier: Carrier<FromEngine, FromClient>,
    hello: Extract<FromClient, { readonly t: 'hello' }>,
  ): Client | undefined => {
    if (hello.version !== LINK_VERSION) {
      carrier.send({
        t: 'refused',
        reason: `the engine speaks link version ${LINK_VERSION}, this program ${hello.version}: use the same release on both sides`,
      });
      carrier.close();
      return undefined;
    }
    const actor = { user: hello.user, from: hello.from, screen: hello.screen };
    const client = {
      carrier,
      wantsWrite: hello.write,
      name: `${hello.user}@${hello.from} (${hello.screen}, since ${new Date(host.engine.now()).toISOString().slice(11, 16)} UTC)`,
      actor,
    };
    clients.add(client);
    if (hello.write && writer === undefined) writer = client;
    carrier.send({ t: 'welcome', version: LINK_VERSION, program: host.program, write: sideOf(client) });
    return client;
  };

  const answer = async (client: Client, asked: unknown): Promise<Result<unknown>> => {
    const parsed = parseAsk(asked);
    if (!parsed.ok) return parsed;
    const ask = parsed.value;
    if (ask.type === 'takeWrite') {
      giveTo(client);
      return { ok: true, value: 'you hold the write side' };
    }
    const mayWrite = writer === client;
    const whyNot =
      writer === undefined
        ? 'this screen is read-only: take the write side first'
        : `${writer.name} holds the write side; take it over with --take`;
    try {
      return await host.answer(
        ask,
        mayWrite ? { actor: client.actor, mayWrite } : { actor: client.actor, mayWrite, whyNot },
      );
    } catch (error) {
      return fail(`the engine stumbled over this request: ${error instanceof Error ? error.message : String(error)}`);
    }
  };

  return {
    take(carrier) {
      let client: Client | undefined;
      let unfollow: (() => void) | undefined;
      carrier.onMessage((raw) => {
        const parsed = parseFromClient(raw);
        if (!parsed.ok) return carrier.close();
        const message = parsed.value;
        if (message.t === 'hello') client ??= greet(carrier, message);
        else if (client === undefined) carrier.close();
        else if (message.t === 'follow') unfollow ??= followEngine(host, carrier, message.everyMs);
        else {
          const { id, ask } = message;
          void answer(client, ask).then((result) => carrier.send({ t: 'answer', id, result }));
        }
      });
      carrier.onClose(() => {
        unfollow?.();
        if (client === undefined) return;
        clients.delete(client);
        if (writer === client) passOn();
      });
    },
    clients: () => [...clients].map((client) => client.name),
    stop: () => {
      for (const client of clients) client.carrier.close();
    },
  };
}

const paceOf = (everyMs: unknown): number =>
  typeof everyMs === 'number' && everyMs >= 20 ? Math.min(everyMs, 1000) : 20;

const PIECE_CHARS = 256 * 1024;
const URGENT: ReadonlySet<Event['type']> = new Set([
  'bmc.failed',
  'talos.failed',
  'talos.configFailed',
  'talos.panicked',
  'store.failed',
  'site.panicSwitched',
  'operator.armed',
  'operator.cancelled',
]);

/** The state once, then what happens, in batches. A client that cannot follow is let go; it may come again. */
function followEngine(host: LinkHost, carrier: Carrier<FromEngine, FromClient>, everyMs: number): () => void {
  let text = '';
  for (const fragment of renderFleet(host.engine.fleet())) {
    text += fragment;
    if (text.length < PIECE_CHARS) continue;
    carrier.send({ t: 'fleet', text, last: false, at: host.engine.now() });
    text = '';
  }
  carrier.send({ t: 'fleet', text, last: true, at: host.engine.now() });
  let batch: Event[] = [];
  let rate = 0;
  const flush = () => {
    const now = host.bytesPerSecond();
    if (batch.length === 0 && now === rate) return;
    rate = now;
    const events = batch;
    batch = [];
    if (!carrier.send({ t: 'events', at: host.engine.now(), events, bytesPerSecond: now })) carrier.close();
  };
  const timer = setInterval(flush, paceOf(everyMs));
  const unfollow = host.engine.follow((event) => {
    batch.push(event);
    if (URGENT.has(event.type)) queueMicrotask(flush);
  });
  return () => {
    clearInterval(timer);
    unfollow();
  };
}
