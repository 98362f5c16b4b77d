import type { NodeState } from '../node.ts';
import { IMAGE_PHASES, type PhaseFacts, QUIET_PHASES, SYSTEM_PHASES } from '../phase.ts';
import { failing, noted, on, type Row, stays } from './move.ts';

export const notServedText = ({ notServed, bootFile }: PhaseFacts['requesting']): string =>
  `it asked for ${notServed}, which is not served (offered: ${bootFile ?? 'nothing'})`;

/** Who never asks for what it was offered may still find its way to it: this is the reason where it does not. */
export const loaderNotServed: Row<'loader.notServed'> = {
  ...on([...QUIET_PHASES, 'powering', 'firmware', 'loader', 'ipxe', 'script'] as const, noted),
  ...on([...IMAGE_PHASES, ...SYSTEM_PHASES] as const, noted),
  requesting: stays((node, { file, time }) => {
    const phase = { ...node.phase, notServed: file };
    const asked: NodeState = { ...node, phase };
    const isMissed = node.health.is === 'stalled' && node.health.code === 'NO_LOADER';
    return isMissed ? failing(asked, 'stalled', 'LOADER_NOT_SERVED', notServedText(phase), time) : asked;
  }),
};
