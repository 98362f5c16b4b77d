import { nodeOf, type Wave } from '../../core/fleet.ts';
import type { NodeState } from '../../core/node.ts';
import { renderAge } from '../format/duration.ts';
import type { ActionId } from '../keys/action-id.ts';
import { keyIn } from '../keys/keymap.ts';
import { type Moment, unheardOf } from '../select/awaited.ts';
import { windowTop } from '../select/layout.ts';
import { lookOf, percentOf, reasonOf, stepOf } from '../select/node-look.ts';
import { jobsFocus, jobsPlaces, waveIds } from '../select/shown-list.ts';
import { waveName, waveWords } from '../select/wave-words.ts';
import { fitText, showText, wrapText } from '../terminal/fit-text.ts';
import type { Tone } from '../terminal/theme.ts';
import { renderBar } from '../widgets/progress-bar.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { renderEnds, renderSpans, type Span } from '../widgets/spans.ts';
import { type Column, renderTable } from '../widgets/table.ts';

/** Waves above, jobs below: what is armed, by whom, until when, and whether its disk was written yet. */
export function renderJobsScreen(scene: Scene, box: Box): string[] {
  const { model, theme } = scene;
  const { armed, jobs } = model.view;
  const waves = Object.keys(model.fleet.waves).length;
  const isNarrow = box.width < 60;
  const head = renderEnds(
    theme,
    [
      ` ${armed.jobs} ${armed.jobs === 1 ? 'job' : 'jobs'}${isNarrow ? '' : ' open'}, `,
      [
        `${armed.writing} may ${isNarrow ? '' : 'still '}write${isNarrow ? '' : ' a disk'}`,
        armed.writing > 0 ? 'warn' : 'plain',
      ],
    ],
    [waves === 1 ? '1 wave' : `${waves} waves`],
    box.width,
  );
  const table =
    jobs.length === 0
      ? wrapText(noJobs(scene), box.width - 4).map((line) => renderSpans(theme, ['   ', [line, 'dim']], box.width))
      : jobLines(scene, box.width);
  return padLines([head, theme.glyphs.horizontal.repeat(box.width), ...waveLines(scene, box.width), ...table], box);
}

function noJobs({ model: { keymap } }: Scene): string {
  const key = (action: ActionId) => keyIn(keymap, 'jobs', action);
  return `No job is open. ${key('install')} installs, ${key('reinstall')} reinstalls, both ask first.`;
}

/** A window of the jobs with the cursor in it, while it is in this half of the screen. */
function jobLines(scene: Scene, width: number): string[] {
  const { model, theme } = scene;
  const { jobs } = model.view;
  const rows = jobsPlaces(model).jobs;
  const cursor = Math.max(0, jobs.indexOf(model.ui.cursor.jobs ?? ''));
  const top = windowTop(model.ui.tops.jobs ?? 0, cursor, jobs.length, rows);
  const nodes = jobs.slice(top, top + rows).flatMap((name) => nodeOf(model.fleet, name) ?? []);
  const state = {
    top: 0,
    cursor: jobsFocus(model) === 'jobs' ? cursor - top : -1,
    marked: (at: number) => model.ui.marks.includes(nodes[at]?.name ?? ''),
  };
  return renderTable(theme, jobColumns(scene), nodes, state, { width, height: rows + 1 });
}

function waveLines(scene: Scene, width: number): string[] {
  const { model, theme } = scene;
  const ids = waveIds(model);
  if (ids.length === 0) return [];
  const rows = jobsPlaces(model).waves;
  const cursor = Math.max(0, ids.indexOf(model.ui.cursor.waves ?? ''));
  const top = windowTop(model.ui.tops.waves ?? 0, cursor, ids.length, rows);
  const waves = ids.slice(top, top + rows).flatMap((id) => model.fleet.waves[id] ?? []);
  const table = renderTable(
    theme,
    waveColumns(scene),
    waves,
    { top: 0, cursor: jobsFocus(model) === 'waves' ? cursor - top : -1, marked: () => false },
    { width, height: waves.length + 1 },
  );
  return [...table, ...wordLines(scene, ids[cursor], width), theme.glyphs.horizontal.repeat(width)];
}

/** Of the wave under the cursor: its column has no room for more than the beginning. */
function wordLines({ model, theme }: Scene, id: string | undefined, width: number): string[] {
  const wave = model.fleet.waves[id ?? ''];
  const rows = jobsPlaces(model).words;
  const text = wave === undefined ? '' : showText(waveWords(wave, model.view.waits), theme.set, 600);
  const lines = wrapText(text, width - 4);
  const shown = lines.length > rows ? [...lines.slice(0, rows - 1), lines.slice(rows - 1).join(' ')] : lines;
  const tone: Tone = wave?.state === 'stopped' ? 'bad' : wave?.state === 'paused' ? 'warn' : 'dim';
  return Array.from({ length: rows }, (_, at) =>
    renderSpans(theme, ['   ', [fitText(shown[at] ?? '', width - 4), tone]], width),
  );
}

const WAVE_TONES: { readonly [S in Wave['state']]: Tone } = {
  running: 'busy',
  paused: 'warn',
  stopped: 'bad',
  cancelled: 'dim',
  done: 'ready',
};
const WAVE_SIGNS: { readonly [S in Wave['state']]: string } = {
  running: ' ',
  paused: '?',
  stopped: '!',
  cancelled: '.',
  done: '=',
};

function waveColumns({ model, theme }: Scene): readonly Column<Wave>[] {
  const ended = (wave: Wave) => Object.keys(wave.ended).length;
  const failed = (wave: Wave) => Object.values(wave.ended).filter((one) => one.outcome !== 'done').length;
  return [
    { title: 'wave', width: 16, min: 9, text: (wave) => showText(waveName(wave), theme.set) },
    {
      title: 'state',
      width: 10,
      text: (wave) => `${WAVE_SIGNS[wave.state]}${wave.state}`,
      tone: (wave) => WAVE_TONES[wave.state],
    },
    {
      title: 'done',
      width: 18,
      text: (wave) =>
        `${renderBar(theme, (ended(wave) / Math.max(1, wave.entries.length)) * 100, 8)} ${ended(wave)}/${wave.entries.length}`,
    },
    {
      title: 'failed',
      width: 6,
      right: true,
      text: (wave) => String(failed(wave)),
      tone: (wave) => (failed(wave) > 0 ? 'bad' : undefined),
    },
    { title: 'kind', width: 10, text: (wave) => wave.kind },
    { title: 'why', width: 16, min: 8, grow: true, text: (wave) => showText(wave.why ?? '', theme.set) },
    { title: 'age', width: 6, right: true, text: (wave) => renderAge(model.nowMs - wave.startedAt) },
    { title: 'by', width: 14, text: (wave) => showText(`${wave.by.user}@${wave.by.from}`, theme.set) },
    { title: 'width', width: 5, right: true, text: (wave) => String(wave.width) },
    { title: 'id', width: 14, text: (wave) => showText(wave.id, theme.set) },
  ];
}

function jobColumns({ model, theme }: Scene): readonly Column<NodeState>[] {
  const show = (text: string) => showText(text, theme.set);
  const expires = (node: NodeState) =>
    node.job === undefined
      ? ''
      : node.job.spentAt === undefined
        ? renderAge(Math.max(0, node.job.expiresAt - model.nowMs))
        : 'spent';
  return [
    { title: 'node', width: 14, min: 8, text: (node) => show(node.name) },
    { title: 'job', width: 10, text: (node) => node.job?.kind ?? '' },
    { title: 'state', width: 6, text: (node) => lookOf(node).word, tone: (node) => lookOf(node).tone },
    { title: 'try', width: 4, text: (node) => `${node.job?.attempts ?? 0}/${node.job?.maxAttempts ?? 0}` },
    { title: 'left', width: 6, right: true, text: expires },
    {
      title: 'what',
      width: 20,
      min: 10,
      grow: true,
      text: (node) => show(unheardOf(node, model)?.brief ?? (reasonOf(node) || workOf(node, model))),
    },
    { title: 'by', width: 14, text: (node) => show(`${node.job?.armedBy.user ?? ''}@${node.job?.armedBy.from ?? ''}`) },
    { title: 'image', width: 9, text: (node) => show(node.job?.plan.version ?? '') },
  ];
}

/** What is counted stands beside what is done; where only that is known, alone. */
function workOf(node: NodeState, model: Moment): string {
  const percent = percentOf(node);
  return [stepOf(node, model), percent === undefined ? '' : `${percent}%`].filter(Boolean).join(' ');
}

/** For dialogs and toasts: `r07-u01, r07-u02 and 10 more`. */
export function nameList(names: readonly string[], width: number): Span {
  let text = '';
  for (const [at, name] of names.entries()) {
    const next = text === '' ? name : `${text}, ${name}`;
    const rest = ` and ${names.length - at - 1} more`;
    if (next.length + (at < names.length - 1 ? rest.length : 0) > width)
      return `${text === '' ? fitText(name, Math.max(1, width - rest.length)) : text} and ${names.length - Math.max(at, 1)} more`;
    text = next;
  }
  return text;
}
