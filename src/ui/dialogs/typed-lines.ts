import { nodeOf } from '../../core/fleet.ts';
import type { NodePreview } from '../../link/screen-port.ts';
import { renderSize } from '../format/size.ts';
import { actionInfo } from '../keys/action-id.ts';
import { keyIn } from '../keys/keymap.ts';
import { nameList } from '../screens/jobs-screen.ts';
import { ageWords } from '../screens/node-age.ts';
import { blastLines, erasedLine, planLines } from '../screens/plan-screen.ts';
import { lookOf } from '../select/node-look.ts';
import { previewOf } from '../state/ask-action.ts';
import type { TypedDialog } from '../state/ui-state.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Box, Scene } from '../widgets/scene.ts';
import { bootstrapLines } from './bootstrap-lines.ts';
import { cutLines } from './cut-lines.ts';
import { panicLines } from './panic-lines.ts';
import { protectLines } from './protect-lines.ts';
import { quitLines } from './quit-lines.ts';
import { togetherLines } from './together-lines.ts';
import { footLines } from './typed-foot.ts';
import { INTROS, TITLES } from './typed-words.ts';
import { waveAskLines } from './wave-ask-lines.ts';

/** The dialog before anything that cannot be taken back: facts above (they scroll), what to type below (always in view). */
export function typedLines(scene: Scene, dialog: TypedDialog, box: Box): readonly FrameLine[] {
  const foot = footLines(scene, dialog, box);
  const isSmall = box.height < SMALL;
  const facts = [
    // In a small window what would be erased is the part that must not need a key to be seen.
    ...(isSmall ? erasedLines(scene, dialog, box.width) : []),
    ...intro(scene, dialog, box.width).filter((line) => !isSmall || line.length > 0),
    ...cutLines(scene, dialog, box.width),
    ...leftOutLines(scene, dialog, box.width),
    ...(isSmall ? [] : erasedOfMany(scene, dialog, box.width)),
    ...bootstrapLines(scene, dialog, box.width),
    ...protectLines(scene, dialog, box.width),
    ...togetherLines(scene, dialog, box.width),
    ...waveAskLines(scene, dialog, box.width),
    ...panicLines(scene, dialog, box.width),
    ...quitLines(scene, dialog, box.width),
    ...previewLines(scene, dialog, box.width),
  ];
  const room = Math.max(1, box.height - foot.length);
  if (facts.length <= room) return [...facts, ...foot];
  const scroll = Math.min(dialog.scroll, facts.length - room + 1);
  const shown = facts.slice(scroll, scroll + room - 1);
  const left = facts.length - scroll - shown.length;
  return [...shown, [[left > 0 ? `${left} more lines: pgdn` : 'end of the plan: pgup', 'dim']], ...foot];
}

const SMALL = 12;

export function typedTitle({ model, theme }: Scene, dialog: TypedDialog): string {
  const what = TITLES[dialog.action] ?? actionInfo(dialog.action).help.toUpperCase();
  if (dialog.action === 'breakGlass') return `BREAK GLASS ${showText(model.fleet.site, theme.set)}`.trim();
  if (dialog.action === 'waveResume' || dialog.action === 'waveCancel') return what;
  const whom =
    dialog.nodes.length === 1
      ? showText(dialog.nodes[0] ?? '', theme.set)
      : dialog.nodes.length > 1
        ? `${dialog.nodes.length} nodes`
        : '';
  return `${what} ${whom}`.trim();
}

function intro({ model, theme }: Scene, dialog: TypedDialog, width: number): readonly FrameLine[] {
  const text =
    erasesText(dialog) ??
    INTROS[dialog.action] ??
    `${actionInfo(dialog.action).help}, on ${dialog.nodes.length === 1 ? '1 node' : `${dialog.nodes.length} nodes`}.`;
  const grave = actionInfo(dialog.action).tier === 'destructive';
  const lines: FrameLine[] = wrapText(text, width).map((line): FrameLine => [[line, grave ? 'bold' : 'plain']]);
  if (dialog.nodes.length > 1)
    lines.push([
      'on: ',
      nameList(
        dialog.nodes.map((name) => showText(name, theme.set)),
        width - 5,
      ),
    ]);
  const node =
    dialog.nodes.length === 1 && dialog.preview.is === 'none' ? nodeOf(model.fleet, dialog.nodes[0] ?? '') : undefined;
  if (node !== undefined)
    lines.push([['now      ', 'dim'], [lookOf(node).word.trim(), lookOf(node).tone], ageWords(node, model.nowMs)]);
  return [...lines, []];
}

/** With the plan at hand the sentence names whom, and what is installed. */
function erasesText({ action, nodes, preview }: TypedDialog): string | undefined {
  const [only] = preview.is === 'here' ? preview.nodes : [];
  if (nodes.length !== 1 || only === undefined || only.image === undefined) return undefined;
  if (action === 'reinstall')
    return `This ERASES the disks of ${only.node} and installs ${only.image} with profile ${only.profile ?? '-'}. It cannot be undone.`;
  return action === 'wipe'
    ? `This ERASES the disks of ${only.node} and leaves it empty. It cannot be undone.`
    : undefined;
}

/** First of all who is not meant any more, and why. */
function leftOutLines({ theme, model }: Scene, { leftOut }: TypedDialog, width: number): readonly FrameLine[] {
  if (leftOut.length === 0) return [];
  const bringUp = keyIn(model.keymap, 'rack', 'showBringUp');
  const turns = leftOut.some((one) => one.why.includes('one at a time'))
    ? wrapText(`Bring-up (${bringUp}) and a wave take them in turn.`, width - 2)
    : [];
  const shown = leftOut
    .slice(0, 4)
    .flatMap((one) =>
      wrapText(showText(one.why.startsWith(one.node) ? one.why : `${one.node}: ${one.why}`, theme.set), width - 2),
    );
  const more = leftOut.length > 4 ? [`and ${leftOut.length - 4} more`] : [];
  return [
    [[`LEFT OUT, the engine would refuse ${leftOut.length === 1 ? 'it' : 'them'}: ${leftOut.length}`, 'warn']],
    ...[...shown, ...more, ...turns].map((line): FrameLine => [`  ${line}`]),
    [],
  ];
}

/** Of a page that destroys: the disks that go, of one machine each by name, of several counted. */
function erasedLines(scene: Scene, dialog: TypedDialog, width: number): readonly FrameLine[] {
  const [only, ...others] = goingPlans(dialog);
  if (only === undefined) return [];
  if (others.length > 0) return erasedOfMany(scene, dialog, width);
  const kind = previewOf(dialog.action);
  return only.disks
    .filter((disk) => disk.erased)
    .slice(0, 2)
    .flatMap((disk) => wrapText(showText(erasedLine(disk, kind), scene.theme.set), width))
    .map((line): FrameLine => [[line, 'bold']]);
}

/** One line tells of all of them what the pages below tell of each. */
function erasedOfMany({ theme }: Scene, dialog: TypedDialog, width: number): readonly FrameLine[] {
  const plans = goingPlans(dialog);
  const disks = plans.flatMap((plan) => plan.disks.filter((disk) => disk.erased));
  if (plans.length < 2 || disks.length === 0) return [];
  const bytes = disks.reduce((sum, disk) => sum + (disk.sizeBytes ?? 0), 0);
  const unseen = disks.filter((disk) => disk.sizeBytes === undefined).length;
  const size = [bytes > 0 ? renderSize(bytes) : '', unseen > 0 ? `${unseen} not seen yet` : ''].filter(Boolean);
  const blind = plans.filter((plan) => !plan.disks.some((disk) => disk.erased)).length;
  const fate = previewOf(dialog.action) === 'install' ? 'ERASED unless a system is found' : 'ERASED';
  const text = `${disks.length === 1 ? '1 disk' : `${disks.length} disks`} ${fate}: ${size.join(', ')}${blind > 0 ? `; of ${blind} nodes no disk is known` : ''}`;
  return wrapText(showText(text, theme.set), width).map((line): FrameLine => [[line, 'bold']]);
}

const goingPlans = ({ preview }: TypedDialog): readonly NodePreview[] =>
  preview.is === 'here' ? preview.nodes.filter((plan) => plan.refusals.length === 0) : [];

function previewLines(scene: Scene, dialog: TypedDialog, width: number): readonly FrameLine[] {
  const { preview } = dialog;
  switch (preview.is) {
    case 'none':
      return [];
    case 'loading':
      return [[['The plan is being made ...', 'dim']]];
    case 'failed':
      return wrapText(showText(preview.reason, scene.theme.set, 600), width).map((line): FrameLine => [[line, 'bad']]);
    case 'here': {
      const [first] = preview.nodes;
      if (preview.nodes.length === 1 && first !== undefined)
        return planLines(scene, first, width, previewOf(dialog.action));
      return preview.nodes.flatMap((plan): readonly FrameLine[] => [
        [[showText(plan.node, scene.theme.set), 'bold']],
        ...blastLines(scene, plan, width, previewOf(dialog.action)),
      ]);
    }
  }
}
