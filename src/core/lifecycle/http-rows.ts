import { openAttempt } from '../attempt.ts';
import type { EventOf } from '../event.ts';
import type { NodeIn, NodeState } from '../node.ts';
import type { PhaseFacts, PhaseName } from '../phase.ts';
import { SECOND_MS } from '../time.ts';
import { either, enter, goTo, ignored, noted, on, opens, type Row, type Step, step, withJob } from './move.ts';

const quiet = ['idle', 'armed', 'down'] as const satisfies readonly PhaseName[];
const early = ['powering', 'firmware', 'requesting', 'loader', 'ipxe'] as const satisfies readonly PhaseName[];
const images = ['kernel', 'initrd', 'handoff'] as const satisfies readonly PhaseName[];
const system = [
  'up',
  'config',
  'maintenance',
  'halted',
  'wiping',
  'installing',
  'installed',
  'rebooting',
  'diskBoot',
  'running',
  'ready',
] as const satisfies readonly PhaseName[];

const NEW_BOOT_AFTER_MS = 20 * SECOND_MS;

type ScriptAsked = EventOf<'http.scriptAsked'>;

const asScript = (event: ScriptAsked): PhaseFacts['script'] => ({ answer: event.answer, reason: event.reason });

/** The script's query is the firmware's own word about the machine; what it was answered is written into the attempt. */
function answered(node: NodeState, event: ScriptAsked): Step {
  const { uuid, serial, boardSerial, product } = event.hardware;
  const seen = {
    ...node.seen,
    address: event.address,
    ...(event.mac === undefined ? {} : { mac: event.mac }),
    ...(uuid === undefined ? {} : { uuid }),
    ...(serial === undefined ? {} : { serial }),
    ...(boardSerial === undefined ? {} : { boardSerial }),
    ...(product === undefined ? {} : { product }),
  };
  const attempt = node.attempt === undefined ? {} : { attempt: { ...node.attempt, answered: event.answer } };
  const known: NodeState = { ...node, seen, ...attempt };
  const forJob = event.job !== undefined && node.job?.id === event.job;
  const wiped = event.answer === 'wipe' && forJob && known.job?.wipeSentAt === undefined;
  const next = wiped ? withJob(known, { wipeSentAt: event.time }) : known;
  if (event.conflict === undefined) return step(next);
  return step({
    ...next,
    health: { is: 'conflict', code: 'IDENTITY_CONFLICT', since: event.time, detail: event.conflict },
  });
}

function askedAgain(node: NodeIn<'script' | (typeof images)[number]>, event: ScriptAsked): Step {
  const quietMs = event.time - (node.attempt?.lastActivityAt ?? 0);
  const again =
    quietMs > NEW_BOOT_AFTER_MS ? { ...openAttempt(node, event.time, 'rebooted'), phase: node.phase } : node;
  return answered(goTo(again, 'script', asScript(event), event.time, 'wire'), event);
}

const scriptAsked: Row<'http.scriptAsked'> = {
  ...on(quiet, opens<'http.scriptAsked', 'script'>('script', asScript, answered)),
  ...on(early, enter<'http.scriptAsked', 'script'>('script', asScript, answered)),
  ...on(['script', ...images] as const, either('-> script (new attempt after 20 s of quiet)', askedAgain)),
  ...on(system, opens<'http.scriptAsked', 'script'>('script', asScript, answered)),
};

const handedOff: Row<'http.handedOff'> = {
  ...on([...quiet, ...early] as const, ignored),
  ...on(
    ['script', ...images] as const,
    enter<'http.handedOff', 'handoff'>(
      'handoff',
      () => ({ beacon: true }),
      (node, event) => {
        // The beacon is the script's last line: the initramfs is complete in memory by then.
        const sent = node.attempt?.initrdSentAt ?? event.time;
        return step(node.attempt === undefined ? node : { ...node, attempt: { ...node.attempt, initrdSentAt: sent } });
      },
    ),
  ),
  ...on(system, ignored),
};

function served(node: NodeState, event: EventOf<'http.configServed'>): Step {
  const attempt = node.attempt === undefined ? {} : { attempt: { ...node.attempt, configServedAt: event.time } };
  const known = { ...node, ...attempt };
  return step(known.job?.id === event.job ? withJob(known, { configServedAt: event.time }) : known);
}

const configServed: Row<'http.configServed'> = {
  ...on([...quiet, ...early] as const, ignored),
  ...on(
    ['script', ...images, 'up', 'config', 'maintenance'] as const,
    enter<'http.configServed', 'config'>('config', (event) => ({ servedAt: event.time }), served),
  ),
  ...on(['halted', 'wiping', 'installing', 'installed'] as const, either('stays', served)),
  ...on(['rebooting', 'diskBoot', 'running', 'ready'] as const, ignored),
};

const configRefused: Row<'http.configRefused'> = on(
  [...quiet, ...early, 'script', ...images, ...system] as const,
  noted,
);

export const httpRows = {
  'http.scriptAsked': scriptAsked,
  'http.handedOff': handedOff,
  'http.configServed': configServed,
  'http.configRefused': configRefused,
} as const;
