import { adviceOf, type CauseCode, causeOf } from '../../core/cause.ts';
import { cutOffNow } from '../../core/cut-off.ts';
import { type DriftAction, ignoredBy } from '../../core/drift.ts';
import { askOf } from '../../core/health.ts';
import type { NodeState } from '../../core/node.ts';
import { notAtIpText } from '../../core/not-at-ip.ts';
import { renderAge } from '../format/duration.ts';
import { awaitedInFull } from '../select/awaited.ts';
import { causeNow, memoryOf, reasonOf } from '../select/node-look.ts';
import { curesOf } from '../state/cures.ts';
import { fitText, showText, wrapText } from '../terminal/fit-text.ts';
import type { Tone } from '../terminal/theme.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Scene } from '../widgets/scene.ts';
import { plantedLines } from './planted-lines.ts';

/** Why, and below it what that rests on: a fault hides no evidence. Where nothing is wrong the evidence is the story. */
export function storyLines(scene: Scene, node: NodeState, width: number, most = EVIDENCE_SHOWN): readonly FrameLine[] {
  const why = whyLines(scene, node, width);
  const evidence = evidenceLines(scene, node, width, why.length === 0 ? EVIDENCE_SHOWN : most);
  return why.length === 0 ? evidence : [...why, [], ...evidence];
}

const EVIDENCE_SHOWN = 12;

/** Why, and what to try: cause and advice of the code, what was seen, and the keys that help. */
export function whyLines({ model, theme }: Scene, node: NodeState, width: number): readonly FrameLine[] {
  const wrap = (text: string, tone: Tone = 'plain'): readonly FrameLine[] =>
    wrapText(showText(text, theme.set), width).map((line): FrameLine => [[line, tone]]);
  const tryLines = (code: CauseCode): readonly FrameLine[] => [
    ...wrap(adviceOf(code)),
    ...joinLines(
      curesOf(model, 'node', node).map(({ keys, words }) => `${keys} ${words}`),
      width,
    ),
  ];
  const lines: FrameLine[] = [];
  const waits = awaitedInFull(node, model);
  if (node.health.is !== 'ok') {
    lines.push([[node.health.is === 'failed' ? 'WHY IT FAILED' : `WHY (${node.health.is})`, 'bold']]);
    lines.push(
      ...wrap(causeOf(node.health.code)),
      ...(node.health.detail === '' ? [] : wrap(node.health.detail, 'bad')),
    );
    // A boot that is put off looks dead beside that, and is not.
    if (waits !== '') lines.push(...wrap(asSentence(waits)));
    lines.push([], [['TRY', 'bold']], ...tryLines(node.health.code));
  } else {
    const isCutOff = cutOffNow(model.fleet, node) !== undefined;
    const notes = [
      isCutOff && reasonOf(node) === node.ask ? '' : reasonOf(node),
      waits,
      notAtIpText(model.fleet, node, model.nowMs) ?? '',
    ].filter((note) => note !== '');
    if (notes.length > 0) lines.push([['NOTE', 'bold']], ...notes.flatMap((note) => wrap(note)));
    const unseen = causeNow(node);
    if (unseen !== undefined) lines.push(...wrap(causeOf(unseen)), [], [['TRY', 'bold']], ...tryLines(unseen));
  }
  const ask = askOf(node);
  if (ask !== undefined && node.health.is !== 'ok') lines.push([], [['AT THE MACHINE', 'bold']], ...wrap(ask, 'warn'));
  lines.push(...memoryLines({ theme }, node, width), ...driftLines({ theme }, node, width));
  if (node.phase.is === 'running' && node.phase.unmet.length > 0)
    lines.push([['NOT READY YET', 'bold']], ...node.phase.unmet.flatMap((one) => wrap(one)));
  const planted = plantedLines({ model, theme }, node, width);
  if (planted.length > 0) lines.push(...(lines.length === 0 ? [] : [[]]), ...planted);
  return lines;
}

const asSentence = (waits: string): string =>
  waits.startsWith('waits') ? `It ${waits}` : `${waits.slice(0, 1).toUpperCase()}${waits.slice(1)}`;

/** Each whole, with three blanks between, on as many lines as it takes. */
function joinLines(pieces: readonly string[], width: number): readonly FrameLine[] {
  const lines: string[] = [];
  for (const piece of pieces) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 3 + piece.length <= width) lines[lines.length - 1] = `${last}   ${piece}`;
    else lines.push(piece);
  }
  return lines.map((line): FrameLine => [[fitText(line, Math.min(width, line.length)), 'dim']]);
}

/** A system that an ended job left in memory: nothing more comes by itself, and the next boot is no longer ours. */
function memoryLines({ theme }: Pick<Scene, 'theme'>, node: NodeState, width: number): readonly FrameLine[] {
  const what = memoryOf(node);
  if (what === undefined) return [];
  const address = node.seen.address ?? 'ADDRESS';
  const system =
    node.phase.is !== 'maintenance'
      ? 'The rescue system was booted and asked for an address; it tells nothing more of itself.'
      : `Talos ${node.seen.talosVersion ?? ''} waits in maintenance mode: talosctl -n ${address} get disks --insecure`;
  const next = `Its ${what === 'rescue' ? 'rescue' : 'inspection'} is done: nothing was written, and its next boot is its disk's.`;
  return [
    [['IN MEMORY', 'bold']],
    ...[system, next].flatMap((text) => wrapText(showText(text, theme.set), width)).map((line): FrameLine => [line]),
  ];
}

/** Each difference from the inventory, and what brings the two together again. */
function driftLines({ theme }: Pick<Scene, 'theme'>, node: NodeState, width: number): readonly FrameLine[] {
  const drift = node.drift ?? [];
  if (drift.length === 0) return [];
  const wrap = (text: string, tone: Tone): readonly FrameLine[] =>
    wrapText(showText(text, theme.set), width - 2).map((line): FrameLine => ['  ', [line, tone]]);
  const lines = drift.flatMap((one): readonly FrameLine[] => {
    const by = ignoredBy(node, one);
    const fate =
      by === undefined ? one.actions.map((action) => RESOLVES[action]).join(', ') : `ignored by ${by.by.user}`;
    return [
      [[fitText(one.field, width), by === undefined ? 'warn' : 'dim']],
      ...wrap(`inventory ${one.desired}`, 'plain'),
      ...wrap(`machine   ${one.observed}`, by === undefined ? 'warn' : 'dim'),
      ...(one.note === undefined ? [] : wrap(one.note, by === undefined ? 'warn' : 'dim')),
      ...wrap(fate, 'dim'),
    ];
  });
  return [
    [],
    [
      ['DIFFERS FROM THE INVENTORY', 'bold'],
      ['   F: what to do', 'dim'],
    ],
    ...lines,
  ];
}

const RESOLVES: { readonly [A in DriftAction]: string } = {
  applyConfig: 'apply config',
  reinstall: 'reinstall',
  adopt: 'adopt',
  inspect: 'inspect',
  ignore: 'ignore',
};

/** Why we believe what we say: newest evidence first, with its class and age. */
function evidenceLines(
  { model, theme }: Scene,
  node: NodeState,
  width: number,
  most = EVIDENCE_SHOWN,
): readonly FrameLine[] {
  const head: FrameLine = [
    ['EVIDENCE', 'bold'],
    [`  ${width < 36 ? '' : 'the phase '}rests on: ${node.phaseFrom}`, 'dim'],
  ];
  const lines = node.evidence
    .slice(-most)
    .toReversed()
    .map(
      (one): FrameLine => [
        [fitText(renderAge(model.nowMs - one.at), 6, 'right'), 'dim'],
        ` ${fitText(one.from, 5)} ${fitText(showText(one.text, theme.set), Math.max(8, width - 13))}`,
      ],
    );
  return [head, ...(lines.length === 0 ? [[['none yet', 'dim']] as FrameLine] : lines)];
}
