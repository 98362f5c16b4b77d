import { nodeOf } from '../../core/fleet.ts';
import { renderSpan } from '../format/duration.ts';
import { actionInfo } from '../keys/action-id.ts';
import { nameList } from '../screens/jobs-screen.ts';
import { blastLines, planLines } from '../screens/plan-screen.ts';
import { lookOf, sinceOf } from '../select/node-look.ts';
import { isFilled, readiness } from '../state/ask-action.ts';
import type { TypedDialog, TypedField } from '../state/ui-state.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Box, Scene } from '../widgets/scene.ts';
import { bootstrapLines } from './bootstrap-lines.ts';
import { protectLines } from './protect-lines.ts';
import { togetherLines } from './together-lines.ts';
import { waveAskLines } from './wave-ask-lines.ts';

/** The dialog before anything that cannot be taken back: facts above (they scroll), what to type below (always in view). */
export function typedLines(scene: Scene, dialog: TypedDialog, box: Box): readonly FrameLine[] {
  const foot = footLines(scene, dialog, box.width);
  const facts = [
    ...intro(scene, dialog, box.width),
    ...leftOutLines(scene, dialog, box.width),
    ...bootstrapLines(scene, dialog, box.width),
    ...protectLines(scene, dialog, box.width),
    ...togetherLines(scene, dialog, box.width),
    ...waveAskLines(scene, dialog, box.width),
    ...previewLines(scene, dialog, box.width),
  ];
  const room = Math.max(1, box.height - foot.length);
  if (facts.length <= room) return [...facts, ...foot];
  const scroll = Math.min(dialog.scroll, facts.length - room + 1);
  const shown = facts.slice(scroll, scroll + room - 1);
  const left = facts.length - scroll - shown.length;
  return [...shown, [[left > 0 ? `${left} more lines: pgdn` : 'end of the plan: pgup', 'dim']], ...foot];
}

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

const TITLES: Readonly<Record<string, string>> = {
  install: 'INSTALL',
  reinstall: 'REPROVISION',
  wipe: 'WIPE',
  inspect: 'INSPECT',
  rescue: 'RESCUE',
  wave: 'INSTALL IN WAVES',
  waveErase: 'REPROVISION IN WAVES',
  powerOff: 'POWER OFF',
  powerForceOff: 'POWER OFF AT ONCE',
  powerCycle: 'POWER CYCLE',
  powerReset: 'RESET',
  discovery: 'DISCOVERY BOOT',
  waveResume: 'THE WAVE GOES ON',
  waveCancel: 'CANCEL THE REST OF THE WAVE',
  panic: 'END OF PANIC',
  adopt: 'ADOPT',
  trust: 'TRUST THE BMC OF',
  hold: 'HOLD',
  release: 'RELEASE',
  protect: 'PROTECT',
  unprotect: 'LIFT THE PROTECTION OF',
  retry: 'RETRY',
  cancelJob: 'CANCEL THE JOB OF',
  locate: 'BLINK THE LED OF',
  readBmc: 'READ THE BMC OF',
  bootDisk: 'BOOT THE DISK OF',
  talosCheck: 'ASK TALOS ON',
  restart: 'RESTART',
  powerOn: 'POWER ON',
  bootstrap: 'BOOTSTRAP ETCD ON',
  talosReboot: 'REBOOT',
  applyConfig: 'APPLY CONFIGURATION TO',
};

const INTROS: Readonly<Record<string, string>> = {
  install:
    'This boots the machine from the network and installs it to its disk. If a system is on a disk already, it halts and touches nothing.',
  reinstall: 'This ERASES the disks and installs again.',
  wipe: 'This ERASES the disks and leaves the machine empty.',
  inspect: 'This boots the machine into maintenance mode. Nothing is written. What runs there now ends.',
  rescue: 'This boots a system in memory. Nothing is written. What runs there now ends.',
  wave: 'One node first, then five at a time. The first failure stops the wave. A node that has a system halts.',
  waveErase: 'This ERASES the disks: one node first, then five at a time. The first failure stops the wave.',
  powerOff: 'The system is asked to shut down.',
  powerForceOff: 'The power goes at once. What is not written to a disk is lost.',
  powerCycle: 'The power goes off and on. What is not written to a disk is lost.',
  powerReset: 'The machine is reset. What is not written to a disk is lost.',
  discovery:
    'For 30 minutes every unknown machine that asks is booted into maintenance mode, to be read. Nothing is written.',
  waveResume: 'The machines that wait are armed again, a few at a time.',
  waveCancel: 'The wave ends for good: what waits is not started. What runs goes on.',
  panic: 'Machines that are armed get their answers again: what is armed to be erased, is.',
  hold: 'Until it is released, a held machine gets no answer but local boot, and nothing can be armed on it.',
  protect:
    'Nothing that writes its disks is armed or served, over restarts as well. Inspect and rescue still are. It lasts until it is lifted.',
  unprotect: 'Its disks can be erased again by whoever types its name.',
  release: 'The machines are answered again as before.',
  cancelJob: 'Nothing more is sent for these jobs. What is being written already is not stopped by this.',
  restart: 'Transfers that run break off, and machines ask again. The others go on.',
  trust:
    'The certificate that the BMC shows now is trusted from here on. Compare the fingerprint at the machine first.',
  bootstrap: 'This starts a NEW etcd cluster on this node. Do it once per cluster, on one node.',
  talosReboot: 'Talos stops its services and restarts. What runs on the node ends.',
  applyConfig:
    'This sends the machine configuration of the inventory to a node that runs. No disk is written: what would need that, or a reboot, is refused.',
  breakGlass:
    'Breaking the lock lets this session act on locked nodes for 15 minutes. Recorded: who, when, from where, why, and every action.',
};

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
    lines.push([
      ['now      ', 'dim'],
      [lookOf(node).word.trim(), lookOf(node).tone],
      ` for ${renderSpan(model.nowMs - sinceOf(node))}`,
    ]);
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
function leftOutLines({ theme }: Scene, { leftOut }: TypedDialog, width: number): readonly FrameLine[] {
  if (leftOut.length === 0) return [];
  const shown = leftOut
    .slice(0, 4)
    .flatMap((one) =>
      wrapText(showText(one.why.startsWith(one.node) ? one.why : `${one.node}: ${one.why}`, theme.set), width - 2),
    );
  const more = leftOut.length > 4 ? [`and ${leftOut.length - 4} more`] : [];
  return [
    [[`LEFT OUT, the engine would refuse ${leftOut.length === 1 ? 'it' : 'them'}: ${leftOut.length}`, 'warn']],
    ...[...shown, ...more].map((line): FrameLine => [`  ${line}`]),
    [],
  ];
}

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
      if (preview.nodes.length === 1 && first !== undefined) return planLines(scene, first, width);
      return preview.nodes.flatMap((plan): readonly FrameLine[] => [
        [[showText(plan.node, scene.theme.set), 'bold']],
        ...blastLines(scene, plan, width),
      ]);
    }
  }
}

function footLines({ theme }: Scene, dialog: TypedDialog, width: number): readonly FrameLine[] {
  const fields = dialog.fields.flatMap((field, at): readonly FrameLine[] => [
    [showText(field.label, theme.set)],
    fieldLine(theme.set, field, dialog.focus === at, width),
  ]);
  const { ready, why } = readiness(dialog);
  const note = dialog.note ?? why;
  const cancel = dialog.focus < 0 ? '[ cancel ]' : '  cancel  ';
  const hint = dialog.focus < 0 ? 'enter: cancel' : ready ? 'enter: GO ON' : `enter: ${note}`;
  return [
    [],
    ...fields,
    [
      [cancel, dialog.focus < 0 ? 'selected' : 'plain'],
      `  ${dialog.note !== undefined && dialog.focus < 0 ? dialog.note : hint}`,
      `   ${dialog.fields.length > 1 ? 'tab: next   ' : ''}esc: cancel`,
    ],
  ];
}

function fieldLine(set: Parameters<typeof showText>[1], field: TypedField, focused: boolean, width: number): FrameLine {
  const shown = `${showText(field.text, set, width)}${field.text.endsWith(' ') ? ' ' : ''}`;
  return [focused ? '> ' : '  ', [`${shown}${focused ? '_' : ''}`, isFilled(field) ? 'ready' : 'bold']];
}
