import type { Event } from '../core/event.ts';
import type { Fleet } from '../core/fleet.ts';
import type { ArtefactPort, LogLine } from '../core/ports.ts';
import { fail, type Result } from '../core/result.ts';
import type { NodeSpec } from '../core/spec.ts';
import type { TimeMs } from '../core/time.ts';
import { createEngine } from '../engine/create-engine.ts';
import { createLogBook } from '../engine/log-book.ts';
import { createRenderedBook } from '../engine/rendered-book.ts';
import { createDueWatch } from '../engine/run-clock.ts';
import { createAddressBook } from '../netboot/address-book.ts';
import type { BootSite } from '../netboot/boot-site.ts';
import { createCaptureRing } from '../servers/capture-ring.ts';
import { createDhcpDesk, type DhcpDesk } from '../servers/dhcp-desk.ts';
import { turn } from '../servers/loop-turn.ts';
import type { DiskFile, DiskPort } from '../store/disk-port.ts';
import { openJournal } from '../store/open-journal.ts';
import { armWarmUp } from './arm-warm-up.ts';
import { lineOf } from './event-line.ts';
import { createLogBatch } from './log-batch.ts';
import { ofTurn } from './of-turn.ts';
import { createRateMeter } from './rate-meter.ts';
import { watchDrift } from './watch-drift.ts';

export interface UnheardParts {
  readonly site: () => BootSite;
  readonly artefacts: ArtefactPort;
  /** As it is, down to the shape of its objects: code that was compiled for another one is thrown away. */
  readonly fleet: () => Fleet;
  readonly now: () => TimeMs;
}

/** All of the DHCP road but the two ends of it: no socket, and a disk that keeps nothing. */
export interface UnheardServer {
  readonly receive: DhcpDesk['receive'];
  /** What the clock looks at once a second. */
  readonly tick: () => void;
  readonly stop: () => Promise<void>;
}

type ToLog = (line: LogLine) => void;
type LogKind = (first: ToLog, second: ToLog) => ToLog;
/** In the real server another function takes the lines. */
const TO_LOG: readonly [LogKind, ...LogKind[]] = [
  (first, second) => (line) => {
    first(line);
    second(line);
  },
  (first, second) => (line) => {
    for (const write of [first, second]) write(line);
  },
];

export async function openUnheardServer(
  { site, artefacts, fleet, now }: UnheardParts,
  generation: number,
  armed: readonly NodeSpec[],
): Promise<Result<UnheardServer>> {
  const journal = await openJournal<Event>('/', { disk: KEEPS_NOTHING, session: {} });
  if (!journal.ok) return journal;
  const { append, durable, lastSeq, close } = journal.value;
  const engine = createEngine({
    fleet: fleet(),
    journal: { append, durable },
    effects: { run: () => undefined },
    now,
  });
  const logs = createLogBook();
  const batch = createLogBatch(() => undefined);
  const rendered = createRenderedBook(engine, { plan: async () => fail('nothing is planned') });
  createRateMeter(engine);
  await armWarmUp(engine, rendered, armed);
  const drift = watchDrift({ engine, configOf: async () => fail('nothing is wished') });
  engine.follow((event) => {
    const line = lineOf(event);
    if (line !== undefined) batch.add(line);
  });
  const isDue = createDueWatch();
  const desk = createDhcpDesk({
    engine,
    site,
    rendered,
    artefacts,
    addresses: createAddressBook(engine.fleet()),
    onLog: ofTurn(TO_LOG, generation)(logs.write, batch.add),
    captures: createCaptureRing(CAPTURE_BYTES),
    whenStored: () => durable(lastSeq()),
    onReply: () => undefined,
  });
  return {
    ok: true,
    value: {
      receive: desk.receive,
      tick: () => void isDue(engine.fleet(), engine.now()),
      stop: async () => {
        // What was asked last is told in the next turn, and nothing may be told to a journal that is closed.
        await turn();
        drift.stop();
        desk.stop();
        engine.letGo();
        batch.flush();
        await close();
      },
    },
  };
}

/** Soon full, as it is one day: what makes room is compiled too. */
const CAPTURE_BYTES = 2 * 1024 * 1024;

const LINE_END = 0x0a;

/** Whoever looks finds all that was written. */
const FILE: DiskFile = {
  write: async (bytes) => bytes.length,
  read: async (into) => into.fill(LINE_END).length,
  sizeBytes: async () => Number.POSITIVE_INFINITY,
  isAt: async () => true,
  datasync: async () => undefined,
  truncate: async () => undefined,
  close: async () => undefined,
};

const KEEPS_NOTHING: DiskPort = {
  makeFolder: async () => undefined,
  list: async () => [],
  open: async () => FILE,
  rename: async () => undefined,
  remove: async () => undefined,
  syncFolder: async () => undefined,
};
