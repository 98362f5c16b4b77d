import { createHash } from 'node:crypto';
import { cleanText } from '../core/clean-text.ts';
import type { EventBody } from '../core/event.ts';
import type { LogLine } from '../core/ports.ts';
import { answerLoader } from '../netboot/answer-loader.ts';
import { decodeTftp } from '../protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../protocols/tftp/encode-tftp.ts';
import { TFTP_ERROR, type TftpRequest } from '../protocols/tftp/tftp-message.ts';
import { WHOLE_SHARES } from './file-shares.ts';
import { createRateGate } from './rate-gate.ts';
import type { BootParts, ListenAddress } from './server-parts.ts';
import { createTftpCapture } from './tftp-capture.ts';
import { createTftpLines } from './tftp-lines.ts';
import { createTftpReports } from './tftp-reports.ts';
import type { TftpRunner } from './tftp-runner.ts';
import { createTftpSessions } from './tftp-sessions.ts';
import { createTally, type Traffic } from './traffic.ts';

/** One datagram to the port that everybody knows. */
export interface TftpAsk {
  readonly bytes: Buffer;
  readonly peer: ListenAddress;
  /** Our address that was asked. */
  readonly local: ListenAddress;
  readonly reply: (bytes: Buffer) => void;
}

/** Decides who is sent what by TFTP, and tells what it means. Who sends it makes no difference. */
export interface TftpDesk {
  readonly take: (ask: TftpAsk) => void;
  readonly active: () => number;
  /** Whom it refuses, and who takes the room. */
  readonly hampered: () => string | undefined;
  readonly traffic: () => Traffic;
  readonly stop: () => void;
}

/**
 * A machine that boots asks three times, and a thousand may share an address. What a forged sender can have sent to his
 * victim is one packet of 516 bytes per request and six more, so that this is less than a megabyte a second.
 */
const LIMITS = { burst: 3_000, perSecond: 200, totalBurst: 10_000, totalPerSecond: 5_000 };
/**
 * A firmware that tries on asks anew every few seconds. Who forges requests from the port of a machine, which many take from a
 * list, has its transfers begin anew no more often than this.
 */
const REPLACED = { burst: 10, perSecond: 0.5, totalBurst: 2_000, totalPerSecond: 100 };
/** After a reset nothing is heard of the old transfer for longer: a copy of the request comes while its blocks are acknowledged. */
const GONE_MS = 1000;
const ASKS_ANEW = 'the machine asks anew from the same port, and is answered anew';
/** Names that are not served: one per machine and boot in all likelihood; who invents them fills no journal. */
const NAME_EVENTS = { burst: 5, perSecond: 0.05, totalBurst: 500, totalPerSecond: 20 };

export function createTftpDesk(parts: BootParts, runner: TftpRunner): TftpDesk {
  const { engine, addresses, rendered, artefacts } = parts;
  const sessions = createTftpSessions((parts.shares ?? WHOLE_SHARES).transfers);
  const lines = createTftpLines();
  const gate = createRateGate(LIMITS);
  const unknownNames = createRateGate(NAME_EVENTS);
  const replaced = createRateGate(REPLACED);
  const tally = createTally();
  let stopped = false;
  const mayTell = (event: EventBody): boolean =>
    event.type !== 'loader.notServed' || unknownNames.pass(event.node, engine.now());

  const takeRequest = (ask: TftpAsk, request: TftpRequest, capture: ReturnType<typeof createTftpCapture>): void => {
    const { peer, local, bytes } = ask;
    const node = addresses.nodeAt(engine.fleet(), peer.address);
    const refuse = refuser(ask, capture);
    const log = (level: LogLine['level'], text: string) =>
      parts.onLog({ at: engine.now(), node: node?.name ?? '', source: 'tftp', level, text });
    const known = node !== undefined;
    const mayLog = () => lines.mayEnd(peer.address, known, engine.now());
    // Nobody outside has our own address: `doctor` fetches so, and is no machine.
    const whose = peer.address === local.address ? 'this host' : 'no machine that is known';
    const who = known ? peer.address : `${peer.address}, which is ${whose}`;
    if (request.kind === 'write') {
      const why = 'somebody wants to write it, and this server only sends';
      capture.asked(bytes, why);
      if (mayLog()) log('info', `${cleanText(request.file, 80)} from ${peer.address}: ${why}`);
      refuse(TFTP_ERROR.accessViolation, 'this server only sends', why);
      return;
    }
    const answer = answerLoader({ fleet: engine.fleet(), at: engine.now(), rendered, artefacts }, request.file, node);
    capture.asked(bytes, answer.ok ? `the machine may have ${answer.name}` : answer.reason);
    if (!answer.ok) {
      const kind = answer.expected ? 'expected' : known ? 'known' : 'stranger';
      const more = lines.ofName(peer.address, kind, engine.now());
      const level = answer.expected ? 'debug' : 'info';
      if (more !== undefined) log(level, `${cleanText(request.file, 80)} from ${who}: ${answer.reason}${more}`);
      for (const event of answer.events) if (mayTell(event)) engine.emit(event);
      refuse(TFTP_ERROR.notFound, 'file not found', answer.reason);
      return;
    }
    const { name, file } = answer;
    const asker = { address: peer.address, port: peer.port, known };
    const busy = sessions.whyBusy(asker, engine.now());
    if (busy !== undefined) {
      if (lines.mayRefuse(peer.address, engine.now()))
        log('warn', `${name} to ${who}: refused, ${busy}, most to ${sessions.holders()}`);
      refuse(TFTP_ERROR.undefined, `${busy}; try again`);
      return;
    }
    const transfer = node === undefined ? undefined : ({ kind: 'loader', node: node.name, file: name } as const);
    const to = { address: peer.address, port: peer.port };
    const limit = node?.blockLimit === undefined ? {} : { maxBlockBytes: node.blockLimit };
    const order = { local: local.address, peer: to, request, file, recorded: capture.isKept, ...limit };
    const running = sessions.count;
    const shown = known ? name : `${name} to ${who}`;
    const one = { transfer, name: shown, log, mayLog, refuse, capture, tally, running };
    sessions.begin(asker, digestOf(bytes), ({ heard, end }) => {
      const reports = createTftpReports(engine, { ...one, heard: () => heard(engine.now()), end });
      const breakOff = runner.start(order, reports);
      return (why, isReplaced) => {
        if (isReplaced !== undefined) reports.letGo(why);
        breakOff(why, isReplaced);
      };
    });
  };

  /** Why it begins no transfer, and the one that runs to the same port goes on. */
  const whyNoNew = ({ peer, bytes }: TftpAsk): string | undefined => {
    const run = sessions.find(peer);
    if (run === undefined) return undefined;
    const at = engine.now();
    if (run.request === digestOf(bytes)) {
      // The transfer answers by its own timer.
      if (run.heardAt === undefined) return 'sent again before our answer was there';
      if (at - run.heardAt < GONE_MS) return 'a copy of the request whose file is on its way';
    }
    return replaced.pass(peer.address, at) ? undefined : 'one of many from the same port: an earlier one is answered';
  };

  const refuser =
    ({ reply }: TftpAsk, capture: ReturnType<typeof createTftpCapture>) =>
    (code: number, message: string, why = message): void => {
      tally.errors += 1;
      // A bulk thread may report after the server was stopped.
      if (stopped) return;
      const error = encodeTftp({ kind: 'error', code, message });
      capture.refused(error, why);
      reply(error);
    };

  return {
    take: (ask) => {
      const { bytes, peer, local } = ask;
      // Nothing that a server sends from: two servers could be made to talk to each other for ever.
      if (peer.port === 67 || peer.port === 69 || peer.port === 0) return;
      if (!gate.pass(peer.address, engine.now())) return;
      const node = addresses.nodeAt(engine.fleet(), peer.address);
      const capture = createTftpCapture(parts, node?.name, local, peer);
      const message = decodeTftp(bytes);
      if (!message.ok) {
        capture.asked(bytes, `not to be understood: ${message.error}`);
        refuser(ask, capture)(TFTP_ERROR.illegalOperation, 'no TFTP request');
        return;
      }
      if (message.value.kind !== 'read' && message.value.kind !== 'write') return;
      tally.requests += 1;
      const again = whyNoNew(ask);
      if (again !== undefined) {
        capture.asked(bytes, again);
        return;
      }
      sessions.replace(peer, ASKS_ANEW);
      takeRequest(ask, message.value, capture);
    },
    active: sessions.count,
    hampered: () => sessions.hampered(engine.now()),
    traffic: () => tally,
    stop: () => {
      stopped = true;
      sessions.abortAll('the server stops');
    },
  };
}

/** A request can be as long as a datagram: thousands of them are not kept as they came. */
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');
