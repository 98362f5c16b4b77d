import type { NodeIn, NodeState } from './node.ts';

/** What a path carries that loses full frames: a tunnel, a switch with a small MTU. 512 is what RFC 1350 demands of every path. */
const SMALLER_BLOCKS = [1024, 512] as const;

/**
 * What the next transfer of a loader gets after one that stalled; nothing on a disk is touched by that. A first block of
 * which nothing was acknowledged was too large for the path. Where blocks came through, or not even the reply to the options
 * was answered, smaller ones are no remedy; nor where the smallest are lost too.
 */
export function easeLoader(node: NodeState): NodeState {
  const { phase } = node;
  if (phase.is !== 'loader') return node;
  const { lostBlock = 0 } = phase;
  const blockLimit = SMALLER_BLOCKS.find((bytes) => bytes < lostBlock);
  if (blockLimit !== undefined) return { ...node, blockLimit, phase: { ...phase, eased: 'blocks' } };
  const { blockLimit: before, ...rest } = node;
  const kept = before === undefined || phase.sentBytes === 0 ? {} : { blockLimit: before };
  return { ...rest, ...kept, loaderVariant: node.loaderVariant + 1, phase: { ...phase, eased: 'loader' } };
}

/** It was told the size of this one, and did not want it. */
export function otherLoader(node: NodeState): NodeState {
  const { phase } = node;
  if (phase.is !== 'loader') return node;
  return { ...node, loaderVariant: node.loaderVariant + 1, phase: { ...phase, eased: 'loader' } };
}

/** As the end of a line that says where it stalled. */
export function easedText({ phase, blockLimit }: NodeState): string {
  if (phase.is !== 'loader' || phase.eased === undefined) return '';
  const none = phase.lostBlock === undefined ? '' : ` no block of ${phase.lostBlock} bytes was acknowledged,`;
  return phase.eased === 'blocks'
    ? `;${none} the next transfer gets blocks of ${blockLimit}`
    : `;${none} its next boot gets another loader, if more than one is served`;
}

/** The block that was given up came through after all: blocks of its size do. */
export function blockPassed(node: NodeIn<'loader'>): NodeIn<'loader'> {
  const { lostBlock, eased, ...phase } = node.phase;
  if (lostBlock === undefined && eased === undefined) return node;
  return { ...node, ...(lostBlock === undefined || eased !== 'blocks' ? {} : { blockLimit: lostBlock }), phase };
}
