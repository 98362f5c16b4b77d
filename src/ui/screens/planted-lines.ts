import type { NodeState } from '../../core/node.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Scene } from '../widgets/scene.ts';

/** What a demo lets go wrong with this machine on purpose: not of its hardware, and not of this program. */
export function plantedLines({ model, theme }: Scene, { name }: NodeState, width: number): readonly FrameLine[] {
  const faults = model.fleet.played?.faults.filter(({ node }) => node === name) ?? [];
  if (faults.length === 0) return [];
  return [
    [['SIMULATED, ON PURPOSE', 'bold']],
    ...faults
      .flatMap(({ text }) => wrapText(showText(text, theme.set), width))
      .map((line): FrameLine => [[line, 'warn']]),
  ];
}
