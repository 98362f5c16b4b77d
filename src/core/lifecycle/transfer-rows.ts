import { foreignFetched, handedOver, installWentOut, ukiFetched, wipeFetched, wipesNow } from '../attempt.ts';
import type { EventOf } from '../event.ts';
import { blockPassed, easedText, easeLoader } from '../loader-stall.ts';
import type { Health, NodeIn, NodeState } from '../node.ts';
import { IMAGE_PHASES, type PhaseFacts, QUIET_PHASES, SYSTEM_PHASES } from '../phase.ts';
import { asLoader, enterLoader, isOfBefore, loaderAgain, requestEnded } from './loader-asked.ts';
import {
  either,
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
import { networkAgain } from './override-ignored.ts';

const early = ['powering', 'firmware', 'requesting'] as const;
const images = ['script', ...IMAGE_PHASES] as const;

const loaderRequested: Row<'loader.requested'> = {
  ...on(QUIET_PHASES, opens<'loader.requested', 'loader'>('loader', asLoader)),
  ...on(early, enterLoader),
  loader: either('-> loader | stays when it went out already', loaderAgain),
  // iPXE itself looks for autoexec.ipxe, and UEFI's HTTP entry may load it twice.
  ...on(['ipxe', ...images, ...SYSTEM_PHASES] as const, noted),
};

/** One of several transfers broke off, and another one moves. */
const movesAgain = ({ health }: NodeState): Health =>
  health.is === 'stalled' && (health.code === 'TFTP_STALL' || health.code === 'LOADER_SIZE_ONLY')
    ? { is: 'ok' }
    : health;

/** Movement is measured by `attempt.lastActivityAt`, which the caller sets for all evidence. */
const loaderProgressed: Row<'loader.progressed'> = {
  ...on([...QUIET_PHASES, ...early, 'ipxe', ...images, ...SYSTEM_PHASES] as const, ignored),
  loader: stays((node, event) => {
    if (event.file !== node.phase.file) return node;
    const passed = blockPassed(node);
    const { doneAt, sizeOnly: _before, ...phase } = passed.phase;
    const sentBytes = doneAt === undefined ? Math.max(phase.sentBytes, event.sentBytes) : event.sentBytes;
    return { ...passed, health: movesAgain(node), phase: { ...phase, sentBytes, totalBytes: event.totalBytes } };
  }),
};

const loaderSent: Row<'loader.sent'> = {
  ...on([...QUIET_PHASES, ...early, 'ipxe', ...images, ...SYSTEM_PHASES] as const, noted),
  loader: stays((node, event) => {
    const passed = blockPassed(node);
    const { file, totalBytes, time: doneAt } = event;
    const { sizeOnly: _before, ...known } = passed.phase;
    const phase = { ...known, file, sentBytes: totalBytes, totalBytes, doneAt };
    return { ...passed, health: movesAgain(node), phase };
  }),
};

const firstBlockLost: Row<'loader.firstBlockLost'> = {
  ...on([...QUIET_PHASES, ...early, 'ipxe', ...images, ...SYSTEM_PHASES] as const, noted),
  loader: stays(({ phase, ...node }, { file, blockBytes }) => {
    const isOfThis = phase.file === file && phase.sentBytes === 0 && phase.doneAt === undefined;
    return { ...node, phase: isOfThis ? { ...phase, lostBlock: blockBytes } : phase };
  }),
};

function withBytes(node: NodeIn<'loader'>, { file, sentBytes = 0 }: EventOf<'loader.aborted'>): NodeIn<'loader'> {
  if (file !== node.phase.file || sentBytes <= node.phase.sentBytes) return node;
  return { ...node, phase: { ...node.phase, sentBytes } };
}

const loaderAborted: Row<'loader.aborted'> = {
  ...on([...QUIET_PHASES, ...early, 'ipxe', ...images, ...SYSTEM_PHASES] as const, noted),
  loader: stays((node, event) => {
    if (node.phase.doneAt !== undefined) return node;
    const ended = requestEnded(node, event);
    if (event.probe || event.askedAnew === true || isOfBefore(node, event)) return ended;
    const known = withBytes(ended, event);
    // The clock may have been here before.
    const eased = known.phase.lostBlock === undefined || known.phase.eased !== undefined ? known : easeLoader(known);
    const detail = `${event.file}: ${event.reason}${easedText(eased)}`;
    return failing(eased, 'stalled', 'TFTP_STALL', detail, event.time);
  }),
};

type Asked = EventOf<'image.requested'>;
type Progressed = EventOf<'image.progressed'>;

const asTransfer = (event: Asked): PhaseFacts['kernel'] => ({
  sentBytes: 0,
  totalBytes: event.totalBytes,
  bytesPerSecond: 0,
  movedAt: event.time,
});

function imageAsked(node: NodeState, event: Asked): Step {
  // A retry of the kernel while the initramfs is already on its way does not go back.
  if (event.image === 'kernel' && (node.phase.is === 'initrd' || node.phase.is === 'handoff'))
    return step(fetched(node, event.time));
  if (node.phase.is === 'handoff' && node.phase.beacon) return step(fetched(node, event.time));
  return step(fetched(goTo(node, event.image, asTransfer(event), event.time, 'wire'), event.time));
}

/** Whose images are fetched has their script. */
function fetched(node: NodeState, at: number): NodeState {
  const known = wipeFetched(foreignFetched(ukiFetched(node), at), at);
  return wipesNow(known) ? known : installWentOut(known, at);
}

/** A tool of one file has no initramfs whose end could be the hand-off. */
function isLastImage({ job }: NodeState, image: 'kernel' | 'initrd'): boolean {
  return image === 'initrd' || (job?.plan.foreign === true && job.plan.initrd === undefined);
}

const imageRequested: Row<'image.requested'> = {
  ...on(
    [...QUIET_PHASES, ...early, 'loader', 'ipxe', 'script', 'kernel'] as const,
    either('-> kernel | initrd', imageAsked),
  ),
  initrd: either('stays | -> initrd', imageAsked),
  handoff: either('stays | -> initrd, before the beacon', imageAsked),
  ...on(
    SYSTEM_PHASES,
    either('ignored; a wipe argument counts as sent', (node: NodeState, event: Asked) =>
      step(fetched(ignore(node, event), event.time)),
    ),
  ),
};

function imageMoved(node: NodeIn<'kernel' | 'initrd'>, event: Progressed): Step {
  if (node.phase.is !== event.image) {
    if (node.phase.is === 'initrd') return step(node);
    const facts = {
      sentBytes: event.sentBytes,
      totalBytes: event.totalBytes,
      bytesPerSecond: event.bytesPerSecond,
      movedAt: event.time,
    };
    return step(goTo(node, event.image, facts, event.time, 'wire'));
  }
  const health =
    node.health.is === 'stalled' && node.health.code === 'DL_STALL' ? ({ is: 'ok' } as const) : node.health;
  const moved = {
    sentBytes: event.sentBytes,
    totalBytes: event.totalBytes,
    bytesPerSecond: event.bytesPerSecond,
    movedAt: event.time,
  };
  return step({ ...node, health, phase: { ...node.phase, ...moved } });
}

const imageProgressed: Row<'image.progressed'> = {
  ...on([...QUIET_PHASES, ...early, 'loader', 'ipxe', 'script', 'handoff', ...SYSTEM_PHASES] as const, ignored),
  ...on(['kernel', 'initrd'] as const, either('stays | -> initrd', imageMoved)),
};

function imageDone(node: NodeState, event: EventOf<'image.sent'>): Step {
  if (event.image === 'kernel') {
    const given = isLastImage(node, 'kernel') ? handedOver(foreignFetched(node, event.time), event.time) : node;
    if (node.phase.is !== 'kernel') return step(given);
    return step({
      ...given,
      phase: { ...node.phase, sentBytes: event.totalBytes, totalBytes: event.totalBytes, movedAt: event.time },
    });
  }
  return initrdSent(goTo(node, 'handoff', { beacon: false }, event.time, 'wire'), event.time);
}

/**
 * The kernel can start from now on. A wipe's boot used up the one-shot override, and reboots by itself: the boot that
 * installs needs its own, and the BMC needs seconds for it, so it is ordered here and not at the reset.
 */
export function initrdSent(node: NodeState, at: number): Step {
  const attempt = node.attempt;
  if (attempt === undefined) return step(node);
  const sent: NodeState = { ...node, attempt: { ...attempt, initrdSentAt: attempt.initrdSentAt ?? at } };
  const known = wipeFetched(handedOver(foreignFetched(sent, at), at), at);
  const job = known.job;
  const again = job?.kind === 'reinstall' && wipesNow(known) && job.secondOverrideAt === undefined;
  if (!again || node.spec.bmc === undefined) return step(known);
  return step(withJob(known, { override: 'asked', secondOverrideAt: at }), networkAgain(known, job, 'none'));
}

const imageSent: Row<'image.sent'> = {
  ...on(
    [...QUIET_PHASES, ...early, 'loader', 'ipxe', ...SYSTEM_PHASES] as const,
    either('ignored, but a complete initramfs is remembered', (node: NodeState, event: EventOf<'image.sent'>) =>
      isLastImage(node, event.image) ? initrdSent(ignore(node, event), event.time) : step(ignore(node, event)),
    ),
  ),
  ...on(['script', 'kernel', 'initrd'] as const, either('stays | -> handoff after the initrd', imageDone)),
  handoff: noted,
};

const imageAborted: Row<'image.aborted'> = {
  ...on([...QUIET_PHASES, ...early, 'loader', 'ipxe', 'script', 'handoff', ...SYSTEM_PHASES] as const, noted),
  ...on(
    ['kernel', 'initrd'] as const,
    stays((node: NodeIn<'kernel' | 'initrd'>, event: EventOf<'image.aborted'>) => {
      const sentBytes = event.image === node.phase.is ? event.sentBytes : node.phase.sentBytes;
      const phase = { ...node.phase, bytesPerSecond: 0, sentBytes };
      const { health } = node;
      const isStalled = health.is === 'stalled' && health.code === 'DL_STALL';
      return { ...node, phase, health: isStalled ? { ...health, detail: imageText(phase) } : health };
    }),
  ),
};

/** How far it came. */
export const imageText = ({ is, sentBytes, totalBytes }: NodeIn<'kernel' | 'initrd'>['phase']): string =>
  `${is}: ${sentBytes} of ${totalBytes} bytes`;

export const transferRows = {
  'loader.requested': loaderRequested,
  'loader.progressed': loaderProgressed,
  'loader.sent': loaderSent,
  'loader.firstBlockLost': firstBlockLost,
  'loader.aborted': loaderAborted,
  'image.requested': imageRequested,
  'image.progressed': imageProgressed,
  'image.sent': imageSent,
  'image.aborted': imageAborted,
} as const;
