import type { Actor } from '../core/job.ts';
import { fail, type Result } from '../core/result.ts';
import type { TimeMs } from '../core/time.ts';
import type { Session } from '../engine/act.ts';
import type { Engine } from '../engine/create-engine.ts';
import { type Following, followEngine } from './follow-engine.ts';
import {
  type Carrier,
  type FromClient,
  type FromEngine,
  LINK_VERSION,
  type Question,
  type WriteSide,
} from './link-protocol.ts';
import { parseAsk, parseFromClient } from './parse-from-client.ts';

export interface LinkHost {
  readonly engine: Engine;
  readonly program: string;
  readonly answer: (ask: Question, session: Session) => Promise<Result<unknown>>;
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
  readonly brief: boolean;
  readonly patient: boolean;
  readonly cameAt: TimeMs;
}

/** Many may look; one writes. The first that asks for the write side holds it until it leaves or another takes it over. */
export function createLinkServer(host: LinkHost): LinkServer {
  const clients = new Set<Client>();
  let writer: Client | undefined;
  /** How often a client lost the write side, and how it did last. */
  const losses = new WeakMap<Client, { readonly times: number; readonly why: string }>();
  const startedAt = host.engine.now();

  const sideOf = (client: Client): WriteSide =>
    writer === client
      ? { mine: true }
      : {
          mine: false,
          holder: writer?.name ?? 'nobody',
          ...(writer?.brief === true ? { brief: true } : {}),
          ...(mayForbid(client) ? { mayForbid: true } : {}),
        };
  /** A command that plans would keep it until its order is armed; a person who has it is asked first. */
  const mayForbid = (client: Client): boolean => client.wantsWrite && writer?.brief === true;
  const timesLost = (client: Client): number => losses.get(client)?.times ?? 0;
  const lose = (client: Client, why: string) => losses.set(client, { times: timesLost(client) + 1, why });
  /** Since it asked; of a command, which gives one order, since it came. Having it again changes nothing of that. */
  const lostSince = (client: Client) => {
    const before = client.brief ? 0 : timesLost(client);
    return () => (timesLost(client) > before ? losses.get(client)?.why : undefined);
  };

  const giveTo = (client: Client) => {
    const before = writer;
    writer = client;
    if (before !== undefined && before !== client) lose(before, `${client.name} took the write side`);
    if (before !== undefined && before !== client) before.carrier.send({ t: 'write', write: sideOf(before) });
    client.carrier.send({ t: 'write', write: { mine: true } });
  };

  /** The write side goes back to the screen that has waited for it longest; of those that came back, to who held it. */
  const passOn = () => {
    writer = undefined;
    const waiting = [...clients].filter((client) => client.wantsWrite);
    const next = waiting.find((client) => !client.patient) ?? waiting[0];
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
      brief: hello.brief === true,
      patient: hello.patient === true,
      cameAt: host.engine.now(),
      name: `${hello.user}@${hello.from} (${hello.screen}, since ${new Date(host.engine.now()).toISOString().slice(11, 16)} UTC)`,
      actor,
    };
    clients.add(client);
    if (hello.write && !client.patient && writer === undefined) writer = client;
    const { program } = host;
    carrier.send({ t: 'welcome', version: LINK_VERSION, program, startedAt, write: sideOf(client) });
    return client;
  };

  const answer = async (client: Client, asked: unknown): Promise<Result<unknown>> => {
    const parsed = parseAsk(asked);
    if (!parsed.ok) return parsed;
    const ask = parsed.value;
    if (ask.type === 'ping') return { ok: true, value: 'here' };
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
      const { actor, brief, cameAt } = client;
      const since = brief ? { since: cameAt } : {};
      return await host.answer(
        ask,
        mayWrite
          ? { actor, mayWrite, brief, ...since, lost: lostSince(client) }
          : { actor, mayWrite, whyNot, mayForbid: mayForbid(client) },
      );
    } catch (error) {
      return fail(`the engine stumbled over this request: ${error instanceof Error ? error.message : String(error)}`);
    }
  };

  return {
    take(carrier) {
      let client: Client | undefined;
      let following: Following | undefined;
      carrier.onMessage((raw) => {
        const parsed = parseFromClient(raw);
        if (!parsed.ok) return carrier.close();
        const message = parsed.value;
        if (message.t === 'hello') client ??= greet(carrier, message);
        else if (client === undefined) carrier.close();
        else if (message.t === 'follow') following ??= followEngine(host, carrier, message.everyMs);
        else if (message.t === 'took') following?.took();
        else {
          const { id, ask } = message;
          void answer(client, ask).then((result) => carrier.send({ t: 'answer', id, result }));
        }
      });
      carrier.onClose(() => {
        following?.stop();
        if (client === undefined) return;
        clients.delete(client);
        lose(client, 'the connection of who ordered it ended');
        if (writer === client) passOn();
      });
    },
    clients: () => [...clients].map((client) => client.name),
    stop: () => {
      for (const client of clients) client.carrier.close();
    },
  };
}
