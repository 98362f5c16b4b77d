import { nodeOf } from '../../core/fleet.ts';
import { writingText } from '../../core/writing.ts';
import type { ActionId } from '../keys/action-id.ts';
import type { TypedDialog } from '../state/ui-state.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Scene } from '../widgets/scene.ts';

const CUTS: ReadonlySet<ActionId> = new Set(['powerOff', 'powerForceOff', 'powerCycle', 'powerReset']);
/** Of several machines so many are named. */
const NAMED = 4;

/** Beside the question: whose disk is being written, and stays half written. */
export function cutLines({ model, theme }: Scene, { action, nodes }: TypedDialog, width: number): readonly FrameLine[] {
  if (!CUTS.has(action)) return [];
  const told = nodes.flatMap((name) => {
    const node = nodeOf(model.fleet, name);
    const does = node === undefined ? undefined : writingText(node);
    return does === undefined ? [] : [`${name} ${does}: this cuts it`];
  });
  const more = told.length > NAMED ? [`and ${told.length - NAMED} more`] : [];
  const lines = [...told.slice(0, NAMED), ...more].flatMap((line) =>
    wrapText(showText(line, theme.set, 300), width).map((part): FrameLine => [[part, 'warn']]),
  );
  return lines.length === 0 ? [] : [...lines, []];
}
