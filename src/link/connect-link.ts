import type { Event } from '../core/event.ts';
import type { Fleet } from '../core/fleet.ts';
import { parseFleet } from '../core/fleet-json.ts';
import { reduce } from '../core/reduce.ts';
import { fail, type Result } from '../core/result.ts';
import {
  type Ask,
  type Carrier,
  type FromClient,
  type FromEngine,
  LINK_VERSION,
  type WriteSide,
} from './link-protocol.ts';

export interface LinkClient {
  readonly ask: (ask: Ask) => Promise<Result<unknown>>;
  /**
   * The whole state once, then after every batch: the same events through the same reducer. Whoever was too slow for the
   * events has the whole state again, without them.
   */
  readonly follow: (
    take: (fleet: Fleet, events: readonly Event[], at: number, bytesPerSecond: number) => void,
    everyMs: number,
  ) => void;
  readonly engine: EngineRun;
  readonly write: () => WriteSide;
  readonly onWrite: (changed: (side: WriteSide) => void) => void;
  readonly onClose: (closed: (reason: string) => void) => void;
  readonly close: () => void;
}

/** Which run of which release. */
export interface EngineRun {
  readonly program: string;
  readonly startedAt?: number;
}

export interface Hello {
  readonly user: string;
  readonly from: string;
  readonly screen: string;
  readonly write: boolean;
  readonly brief?: boolean;
  readonly patient?: boolean;
}

export function connectLink(carrier: Carrier<FromClient, FromEngine>, hello: Hello): Promise<Result<LinkClient>> {
  const waiting = new Map<number, { readonly ask: Ask; readonly answered: (result: Result<unknown>) => void }>();
  const closers: ((reason: string) => void)[] = [];
  const writeWatchers: ((side: WriteSide) => void)[] = [];
  const follower = createFollower();
  let write: WriteSide = { mine: false, holder: 'nobody' };
  let nextId = 1;
  let gone: string | undefined;

  const clientOf = (engine: EngineRun): LinkClient => ({
    engine,
    ask: (ask) => {
      if (gone !== undefined) return Promise.resolve(fail(`the engine is gone: ${gone}`));
      const id = nextId++;
      return new Promise((resolve) => {
        waiting.set(id, { ask, answered: resolve });
        carrier.send({ t: 'ask', id, ask });
      });
    },
    follow: (take, everyMs) => {
      follower.start(take);
      carrier.send({ t: 'follow', everyMs });
    },
    write: () => write,
    onWrite: (changed) => writeWatchers.push(changed),
    onClose: (closed) => closers.push(closed),
    close: () => carrier.close(),
  });

  return new Promise((resolve) => {
    carrier.onMessage((message) => {
      switch (message.t) {
        case 'welcome':
          write = message.write;
          resolve({ ok: true, value: clientOf(runOf(message)) });
          break;
        case 'refused':
          resolve(fail(message.reason));
          break;
        case 'write':
          write = message.write;
          for (const changed of writeWatchers) changed(write);
          break;
        case 'answer': {
          const answered = waiting.get(message.id);
          waiting.delete(message.id);
          answered?.answered(message.result);
          break;
        }
        default:
          follower.take(message);
          carrier.send({ t: 'took' });
      }
    });
    carrier.onClose((reason) => {
      gone = reason;
      resolve(fail(`the engine closed the connection: ${reason}`));
      for (const { ask, answered } of waiting.values()) answered(fail(`the engine is gone: ${reason}${doubtOf(ask)}`));
      waiting.clear();
      for (const closed of closers) closed(reason);
    });
    carrier.send({ t: 'hello', version: LINK_VERSION, ...hello });
  });
}

const runOf = ({ program, startedAt }: Extract<FromEngine, { readonly t: 'welcome' }>): EngineRun =>
  startedAt === undefined ? { program } : { program, startedAt };

const DOUBT = '; nobody knows whether it took this order';
const doubtOf = (ask: Ask): string => (ask.type === 'act' ? DOUBT : '');

/** The engine went while the order was on its way, or while it was carried out. */
export const isUnknownEnd = (result: Result<unknown>): boolean => !result.ok && result.error.endsWith(DOUBT);

type Take = Parameters<LinkClient['follow']>[0];

function createFollower() {
  let text = '';
  /** The engine's clock: this host's may be another. */
  let at = 0;
  let fleet: Fleet | undefined;
  let take: Take | undefined;
  return {
    start: (taker: Take) => {
      take = taker;
      if (fleet !== undefined) take(fleet, [], at, 0);
    },
    take: (message: Extract<FromEngine, { readonly t: 'fleet' | 'events' }>) => {
      if (message.t === 'fleet') {
        text = message.first ? message.text : text + message.text;
        if (!message.last) return;
        const parsed = parseFleet(JSON.parse(text));
        text = '';
        if (!parsed.ok) return;
        fleet = parsed.value;
        at = message.at;
        take?.(fleet, [], at, 0);
        return;
      }
      if (fleet === undefined) return;
      for (const event of message.events) [fleet] = reduce(fleet, event);
      at = message.at;
      take?.(fleet, message.events, at, message.bytesPerSecond);
    },
  };
}
