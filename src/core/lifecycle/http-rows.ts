import {
  CONFIG_SERVES_MAX,
  cutInstall,
  foreignFetched,
  handedOver,
  installWentOut,
  openAttempt,
  scriptIsNewBoot,
  wipeWentOut,
} from '../attempt.ts';
import { refusedRequest } from '../describe-refused.ts';
import type { EventOf } from '../event.ts';
import { noLongerKept, UNASKED } from '../health.ts';
import type { NodeIn, NodeState } from '../node.ts';
import { noted as asNoted, ownScriptWentOut } from '../own-script.ts';
import {
  DISK_PHASES,
  EARLY_PHASES,
  IMAGE_PHASES,
  PHASES,
  type PhaseFacts,
  QUIET_PHASES,
  SYSTEM_PHASES,
} from '../phase.ts';
import { powerAnswered } from '../power-order.ts';
import {
  either,
  enter,
  failing,
  goTo,
  ignore,
  ignored,
  noted,
  on,
  opens,
  type Row,
  type Step,
  stays,
  step,
  withJob,
} from './move.ts';
import { putOffRows } from './put-off-rows.ts';
import { initrdSent } from './transfer-rows.ts';

const early = ['powering', ...EARLY_PHASES] as const;

/** UEFI tries its other network entries before the disk; who still asks then does not reach its disk. */
export const LOCAL_ASKS_MAX = 3;

type ScriptAsked = EventOf<'http.scriptAsked'>;

const asScript = (event: ScriptAsked): PhaseFacts['script'] => ({ answer: event.answer, reason: event.reason });

/** The script's query is the firmware's own word about the machine; what it was answered is written into the attempt. */
function answered(node: NodeState, event: ScriptAsked): Step {
  const { uuid, serial, boardSerial, product } = event.hardware;
  const { elsewhere: _left, ...before } = node.seen;
  const seen = {
    ...(event.elsewhere === true ? node.seen : { ...before, address: event.address }),
    ...(event.mac === undefined ? {} : { mac: event.mac }),
    ...(uuid === undefined ? {} : { uuid }),
    ...(serial === undefined ? {} : { serial }),
    ...(boardSerial === undefined ? {} : { boardSerial }),
    ...(product === undefined ? {} : { product }),
  };
  const spoken = event.answer === 'local' ? node : powerAnswered(node, event.time);
  const known: NodeState = answeredLocal({ ...spoken, seen }, event);
  const forJob = event.job !== undefined && node.job?.id === event.job;
  const next = forJob ? wentOut(known, event) : known;
  if (event.conflict === undefined) return step(keptFromJob(next, event));
  return step({
    ...next,
    health: { is: 'conflict', code: 'IDENTITY_CONFLICT', since: event.time, detail: event.conflict },
  });
}

/** Stays through all that its disk does, until it gets what its job is for: it looks well meanwhile, and waits in vain. */
function keptFromJob(node: NodeState, { answer, unsure, held, reason, time }: ScriptAsked): NodeState {
  if (answer !== 'local') return noLongerKept(node);
  // What else sends it to its disk (PANIC, a hold) mends nothing.
  if (node.job === undefined || (unsure === undefined && held !== true)) return node;
  return unsure === undefined
    ? failing(node, 'failed', 'SENT_TO_DISK', reason, time)
    : failing(node, 'failed', 'IDENTITY_UNSURE', unsure, time);
}

function wentOut(node: NodeState, event: ScriptAsked): NodeState {
  const out = givenOut(node, event);
  const isOnce = event.answer === 'wipe' || out.job?.scriptOut?.lastAt === event.time;
  return event.noted === true && isOnce ? asNoted(out, event.time) : out;
}

function givenOut(node: NodeState, event: ScriptAsked): NodeState {
  if (event.answer === 'wipe') return wipeWentOut(node, event.time);
  if (event.answer !== 'install') return node;
  const out = installWentOut(node, event.time);
  // What an own script does is unknown: it fetches no image of ours, and need not fetch the beacon.
  if (out.job?.plan.templateHash === undefined) return out;
  const spent = handedOver(foreignFetched(out, event.time), event.time);
  return ownScriptWentOut(spent, event.address, event.time);
}

export function answeredLocal(node: NodeState, event: Pick<ScriptAsked, 'answer' | 'time'>): NodeState {
  if (node.attempt === undefined) return node;
  const attempt = { ...node.attempt, answered: event.answer };
  if (event.answer !== 'local') return { ...node, attempt };
  const asks = (attempt.localAsks ?? 0) + 1;
  const counted: NodeState = { ...node, attempt: { ...attempt, localAsks: asks } };
  const times = asks + node.localMissed;
  if (times < LOCAL_ASKS_MAX || counted.health.is === 'failed') return counted;
  const detail = `sent to its disk ${times} times, and asked for the network again${cutInstall(node)}`;
  return failing(counted, 'stalled', 'DISK_BOOT_MISSED', detail, event.time);
}

function askedAgain(node: NodeIn<'script' | (typeof IMAGE_PHASES)[number]>, event: ScriptAsked): Step {
  const again = scriptIsNewBoot(node, event.time)
    ? { ...openAttempt(node, event.time, 'rebooted'), phase: node.phase }
    : node;
  return answered(goTo(again, 'script', asScript(event), event.time, 'wire'), event);
}

const scriptAsked: Row<'http.scriptAsked'> = {
  ...on(QUIET_PHASES, opens<'http.scriptAsked', 'script'>('script', asScript, answered)),
  ...on(early, enter<'http.scriptAsked', 'script'>('script', asScript, answered)),
  ...on(
    ['script', ...IMAGE_PHASES] as const,
    either('-> script (new attempt after 20 s of quiet or the beacon)', askedAgain),
  ),
  ...on(SYSTEM_PHASES, opens<'http.scriptAsked', 'script'>('script', asScript, answered)),
};

const handedOff: Row<'http.handedOff'> = {
  ...on([...QUIET_PHASES, ...early] as const, ignored),
  ...on(
    ['script', ...IMAGE_PHASES] as const,
    enter<'http.handedOff', 'handoff'>(
      'handoff',
      () => ({ beacon: true }),
      // The beacon is the script's last line: the initramfs is complete in memory by then.
      (node, event) => initrdSent(node, event.time),
    ),
  ),
  ...on(
    SYSTEM_PHASES,
    either('ignored, but the initramfs was complete', (node: NodeState, event: EventOf<'http.handedOff'>) =>
      initrdSent(ignore(node, event), event.time),
    ),
  ),
};

function remembered(node: NodeState, event: EventOf<'http.configServed'>): NodeState {
  const known = node.job?.id === event.job ? withJob(node, { configServedAt: event.time }) : node;
  const { attempt } = known;
  if (attempt === undefined || (event.attempt ?? attempt.number) !== attempt.number) return known;
  const serves = attempt.configServedAt === undefined ? 1 : (attempt.configServes ?? 1) + 1;
  const counted: NodeState = {
    ...known,
    attempt: {
      ...attempt,
      configServedAt: attempt.configServedAt ?? event.time,
      ...(serves > 1 ? { configServes: serves } : {}),
    },
  };
  if (serves < CONFIG_SERVES_MAX || attempt.sinkSpokeAt !== undefined || counted.phase.is !== 'config') return counted;
  const detail = `it took the whole configuration ${serves} times in one boot and reports nothing: it refuses it`;
  return failing(counted, 'failed', 'CONFIG_BAD', detail, event.time);
}

const served = (node: NodeState, event: EventOf<'http.configServed'>) => step(remembered(node, event));

/** Out of its order it moves nothing; that a configuration went out is still never forgotten. */
const outOfOrder = either('ignored, but remembered', (node: NodeState, event: EventOf<'http.configServed'>) =>
  step(remembered(ignore(node, event), event)),
);

const configServed: Row<'http.configServed'> = {
  ...on([...QUIET_PHASES, ...early] as const, outOfOrder),
  ...on(
    ['script', ...IMAGE_PHASES, 'up', 'config', 'maintenance'] as const,
    enter<'http.configServed', 'config'>('config', (event) => ({ servedAt: event.time }), served),
  ),
  ...on(['halted', 'wiping', 'installing', 'installed'] as const, either('stays', served)),
  ...on(DISK_PHASES, outOfOrder),
};

const configCut: Row<'http.configCut'> = on(
  [...QUIET_PHASES, ...early, 'script', ...IMAGE_PHASES, ...SYSTEM_PHASES] as const,
  noted,
);

const configRefused: Row<'http.configRefused'> = on(
  [...QUIET_PHASES, ...early, 'script', ...IMAGE_PHASES, ...SYSTEM_PHASES] as const,
  noted,
);

/** Nothing else tells that it reached us: it is not to be told of as a machine that did not ask. */
function refused<N extends NodeIn<'requesting' | 'loader' | 'ipxe'>>(
  node: N,
  event: EventOf<'http.requestRefused'>,
): NodeState {
  const text = refusedRequest(event);
  const known: NodeState = { ...node, phase: { ...node.phase, refused: text } };
  const { health } = node;
  return health.is === 'stalled' && UNASKED.has(health.code)
    ? failing(known, 'stalled', 'REQUEST_REFUSED', text, event.time)
    : known;
}

const requestRefused: Row<'http.requestRefused'> = {
  ...on(PHASES, noted),
  requesting: stays(refused<NodeIn<'requesting'>>),
  loader: stays(refused<NodeIn<'loader'>>),
  ipxe: stays(refused<NodeIn<'ipxe'>>),
};

export const httpRows = {
  ...putOffRows,
  'http.scriptAsked': scriptAsked,
  'http.handedOff': handedOff,
  'http.configServed': configServed,
  'http.configCut': configCut,
  'http.configRefused': configRefused,
  'http.requestRefused': requestRefused,
} as const;
