import type { EventOf } from '../event.ts';
import type { NodeState } from '../node.ts';
import { IMAGE_PHASES, type PhaseFacts, QUIET_PHASES, SYSTEM_PHASES } from '../phase.ts';
import { answeredLocal } from './http-rows.ts';
import { enter, noted, on, opens, type Row, step } from './move.ts';

type Withheld = EventOf<'loader.withheld'>;

const asLocal = ({ reason }: Withheld): PhaseFacts['script'] => ({ answer: 'local', reason });
const sentAway = (node: NodeState, { time }: Withheld) => step(answeredLocal(node, { answer: 'local', time }));

/** To find no loader is to be sent to the disk, as by a script: firmware may ask for it twice. */
export const loaderWithheld: Row<'loader.withheld'> = {
  ...on(QUIET_PHASES, opens<'loader.withheld', 'script'>('script', asLocal, sentAway)),
  ...on(
    ['powering', 'firmware', 'requesting', 'loader'] as const,
    enter<'loader.withheld', 'script'>('script', asLocal, sentAway),
  ),
  ...on(['ipxe', 'script', ...IMAGE_PHASES, ...SYSTEM_PHASES] as const, noted),
};
