import type { EventOf } from '../event.ts';
import type { NodeIn, NodeState } from '../node.ts';
import { left, notLeft } from '../own-script.ts';
import { PHASES } from '../phase.ts';
import type { TimeMs } from '../time.ts';
import { neverSent } from '../unsent.ts';
import { either, failing, on, type Row, stays, step } from './move.ts';

function putOff(node: NodeState, { time }: { readonly time: TimeMs }): NodeState {
  return node.powerOrder === undefined ? node : { ...node, powerOrder: { ...node.powerOrder, putOffAt: time } };
}

/** The boot that asks opens no attempt: it is about to end, or waits for our disk. Who waits for us is not late. */
const scriptAwaited = {
  ...on(PHASES, stays(putOff)),
  ipxe: either('stays (and is not late)', (node: NodeIn<'ipxe'>, event: { readonly time: TimeMs }) =>
    step(putOff({ ...node, phase: { ...node.phase, since: event.time } }, event)),
  ),
} as const;

const orderedOrUnsaved = (node: NodeState, event: EventOf<'http.scriptPutOff'>): NodeState =>
  event.unsaved === undefined || node.job === undefined ? putOff(node, event) : notNoted(node, event);

const scriptPutOff: Row<'http.scriptPutOff'> = {
  ...on(PHASES, stays(orderedOrUnsaved)),
  ipxe: either('stays (and is not late)', (node, event) =>
    step(orderedOrUnsaved({ ...node, phase: { ...node.phase, since: event.time } }, event)),
  ),
};

const notNoted = (node: NodeState, { reason, time }: { readonly reason: string; readonly time: TimeMs }): NodeState =>
  failing(node, 'stalled', 'NOT_NOTED', reason, time);

/** Of what is kept from it by our disk a person has to hear; else what it is told next says more. */
function withheld(node: NodeState, event: EventOf<'http.answerWithheld'>): NodeState {
  const told = notLeft(neverSent(node, event), event.job);
  return event.unsaved === undefined || told.job?.id !== event.job ? told : notNoted(told, event);
}

export const putOffRows = {
  'http.answerWithheld': on(PHASES, stays(withheld)),
  'http.answerSent': on(
    PHASES,
    stays((node: NodeState, { job }: EventOf<'http.answerSent'>) => left(node, job)),
  ),
  'http.scriptPutOff': scriptPutOff,
  'http.scriptAwaited': scriptAwaited,
} as const;
