import type { ActionId } from '../keys/action-id.ts';
import { type Keymap, keyIn } from '../keys/keymap.ts';
import { countOf } from '../select/bring-up-checks.ts';
import type { BringUpView } from '../select/bring-up-view.ts';
import type { Scene } from '../widgets/scene.ts';

/** What a bring-up says of the step that is on, and which key helps. */
const STEP_TEXTS: readonly string[] = [
  'The services must listen on the provisioning network.',
  'Another DHCP server on this wire would win some of the races. Switch it off, or change this network to proxy mode.',
  'The inventory must name every machine of this rack once. Correct the file; it is read again by itself.',
  'One node goes first. If it fails, only one node is affected.',
  'Five go next, at the same time.',
  'The rest goes five at a time; the first failure stops the wave.',
  'Every machine of the wave has ended.',
];

/** A wave that starts nothing more, though some of it may be under way. */
export function restsText(
  { model }: Pick<Scene, 'model'>,
  view: BringUpView,
): { long: string; short: string } | undefined {
  const key = (action: ActionId) => keyIn(model.keymap, 'bringUp', action);
  const { wave, working, troubled } = view;
  if (wave?.state === 'stopped') {
    const why = wave.why === undefined ? '' : `: ${wave.why}`;
    const first = `${key('problemOn')} opens the first that did not come up`;
    return {
      long: `Step ${view.at}: the wave stopped${why}. ${troubled.length > 0 ? `${first}. ` : ''}${key('waveResume')} goes on when the cause is mended, ${key('waveCancel')} cancels the rest.`,
      short: `Stopped: ${key('waveResume')} goes on, ${key('waveCancel')} cancels the rest.`,
    };
  }
  if (wave?.state !== 'cancelled' || view.isOver) return undefined;
  const is = working.length === 1 ? 'machine of it is' : 'machines of it are';
  const still = `The wave was cancelled: nothing more starts. ${working.length} ${is} still under way`;
  return {
    long: `Step ${view.at}: ${lower(still)}, and end by themselves; one that hangs is cancelled or tried again on its own screen (${key('open')}).${troubled.length > 0 ? ` ${key('problemOn')} opens the first that did not come up.` : ''}`,
    short: `Cancelled: nothing more starts, ${working.length} under way.`,
  };
}

const lower = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1);

export function advice({ model }: Scene, view: BringUpView): string {
  const key = (action: ActionId) => keyIn(model.keymap, 'bringUp', action);
  const step = view.steps[view.at - 1];
  const shows = view.at === 1 ? ` ${key('showServices')} shows them.` : '';
  const text = `Step ${view.at}: ${STEP_TEXTS[view.at - 1] ?? ''}${shows}`;
  if (view.isOver) return `${text} ${againText(model.keymap, view)}`.trim();
  if (view.wave === undefined && view.at === view.steps.length)
    return 'Every machine of this rack is up; nothing is to be done.';
  if (view.wave?.state === 'paused') return `${text} The wave is paused: ${key('waveResume')} goes on.`;
  const rests = restsText({ model }, view);
  if (rests !== undefined) return rests.long;
  if (view.wave === undefined && view.at === 4) return `${text} ${startText(model.keymap, view)}`;
  return step?.state === 'failed' ? `${text} Now: ${step.note}` : text;
}

/** What the key would begin, and how many of those that are not up stay out of it. */
function startText(keymap: Keymap, { todo, leftOut }: BringUpView): string {
  const out = leftOut.length === 0 ? '' : `; ${leftOut.length} more ${leftOut.length === 1 ? 'stays' : 'stay'} out`;
  if (todo.length === 0)
    return `No machine can be installed now${out === '' ? '' : `: ${countOf(leftOut.length, 'machine')} not up.`}`;
  const open = todo.length === 1 ? '1 node is' : `${todo.length} nodes are`;
  return `${keyIn(keymap, 'bringUp', 'waveResume')} asks for the confirmation and starts; ${open} not up yet${out}.`;
}

function againText(keymap: Keymap, { todo, troubled }: BringUpView): string {
  const key = (action: 'waveResume' | 'problemOn') => keyIn(keymap, 'bringUp', action);
  const first = troubled.length > 0 ? [`${key('problemOn')} opens the first that did not come up.`] : [];
  const open =
    todo.length > 0
      ? [`${key('waveResume')} asks for a new wave over ${countOf(todo.length, 'machine')} not up yet.`]
      : [];
  return [...first, ...open].join(' ');
}

/** What becomes of the work when the operator goes. A demo is a toy: it ends with the terminal that started it. */
export function farewellOf({ model }: Scene): string {
  const { fleet, session } = model;
  if (fleet.simulated && session.holdsStack)
    return 'You may leave this screen with esc: the work goes on. This is a demo: it ends with this terminal.';
  const attach = session.attach ?? 'crashcart attach';
  if (fleet.simulated)
    return `You may leave this screen or this terminal: the work goes on as long as the demo runs, and \`${attach}\` opens here again.`;
  return `You may leave this screen or lose the connection: the work goes on, and \`${attach}\` opens here again.`;
}
