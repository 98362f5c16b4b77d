import { waitsForRetry } from '../../core/held-back.ts';
import type { NodeState } from '../../core/node.ts';
import { keyIn } from '../keys/keymap.ts';
import { nameList } from '../screens/jobs-screen.ts';
import type { TypedDialog } from '../state/ui-state.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Scene } from '../widgets/scene.ts';

/** Beside the end of PANIC: what it kept from machines is not given to them by that. */
export function panicLines({ model, theme }: Scene, { action }: TypedDialog, width: number): readonly FrameLine[] {
  const waiting = action === 'panic' ? waitsForRetry(model.fleet) : [];
  if (waiting.length === 0) return [];
  const count = waiting.length === 1 ? '1 boot was' : `${waiting.length} boots were`;
  const retry = keyIn(model.keymap, 'rack', 'retry');
  const show = ({ name }: NodeState) => showText(name, theme.set);
  return [
    ...wrapText(
      `${count} held back and will not be ordered again by this: look at each, then ${retry} retries it.`,
      width,
    ).map((text): FrameLine => [[text, 'warn']]),
    [['held     ', 'dim'], nameList(waiting.map(show), width - 9)],
  ];
}
