import type { EventBody, EventOf } from '../../src/core/event.ts';
import { enter, goTo, ignored, type Move, noted, on, type Row, type Table } from '../../src/core/lifecycle/move.ts';
import { LIFECYCLE } from '../../src/core/lifecycle/table.ts';
import type { NodeIn, NodeState } from '../../src/core/node.ts';
import { PHASES, type PhaseFacts } from '../../src/core/phase.ts';
import type { GateAnswer } from '../../src/netboot/gate.ts';

/** What must not compile. `tsc --noEmit` fails on an expectation that does compile; nothing here ever runs. */

declare const node: NodeState;
declare const anywhere: NodeState;
declare const event: EventOf<'talos.halted'>;

export const whole: Row<'talos.halted'> = on(PHASES, noted);

const { ready: _ready, ...withoutReady } = whole;
// @ts-expect-error a phase is missing from the row
export const missingPhase: Row<'talos.halted'> = withoutReady;

// @ts-expect-error a row names a phase that does not exist
export const inventedPhase: Row<'talos.halted'> = { ...whole, redy: noted };

const { 'talos.halted': _halted, ...withoutHalted } = LIFECYCLE;
// @ts-expect-error a row is missing from the table
export const missingRow: Table = withoutHalted;

// @ts-expect-error a misspelt event
export const misspelt: EventBody = { type: 'talos.halte', node: 'node-01' };

// @ts-expect-error an event without a field that it must carry
export const incomplete: EventBody = { type: 'loader.sent', node: 'node-01', file: 'ipxe.efi' };

export const percent = (there: NodeIn<'installing'>): number | undefined => there.phase.percent;
// @ts-expect-error a fact of another phase
export const wrongPhase = (there: NodeIn<'kernel'>): unknown => there.phase.percent;
// @ts-expect-error a fact read without knowing the phase
export const anyPhase: unknown = anywhere.phase.xid;

goTo(node, 'rebooting', { how: 'kexec', after: 'install' }, 0, 'node');
// @ts-expect-error a fact is missing
goTo(node, 'rebooting', { how: 'kexec' }, 0, 'node');
// @ts-expect-error a fact too many
goTo(node, 'rebooting', { how: 'kexec', after: 'install', percent: 3 }, 0, 'node');
// @ts-expect-error the facts of another phase
goTo(node, 'running', { askedAgain: 0 }, 0, 'node');
// @ts-expect-error a phase that does not exist
goTo(node, 'rebootin', {}, 0, 'node');

// @ts-expect-error the move's facts do not fit the phase that it enters
export const wrongFacts: Move<'talos.halted', 'up'> = enter<'talos.halted', 'up'>('up', () => ({ by: 'rumour' }));

// @ts-expect-error shared data is not written
node.phase = { is: 'idle', since: 0 };
// @ts-expect-error nor what a phase knows
(anywhere.phase as { readonly is: 'up' } & PhaseFacts['up']).by = 'wire';

ignored.apply(node, event);
// @ts-expect-error a refusal of the gate names its rule
export const nameless: GateAnswer = { give: 'local', node, reason: 'because' };
// @ts-expect-error only a job is written for
export const jobless: GateAnswer = { give: 'write', stage: 'install', node, reason: 'because' };
