import { JOB_EXPIRY_MS } from '../../core/job.ts';
import { viewWave } from '../../core/wave.ts';
import { renderSpan } from '../format/duration.ts';
import { nameList } from '../screens/jobs-screen.ts';
import type { TypedDialog } from '../state/ui-state.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Scene } from '../widgets/scene.ts';

/** Which machines a wave would arm next, or leave alone from now on. */
export function waveAskLines({ model, theme }: Scene, dialog: TypedDialog, width: number): readonly FrameLine[] {
  if (dialog.action !== 'waveResume' && dialog.action !== 'waveCancel') return [];
  const wave = model.fleet.waves[dialog.nodes[0] ?? ''];
  if (wave === undefined) return [];
  const { waiting, active, done, failed } = viewWave(wave);
  const show = (name: string) => showText(name, theme.set);
  const line = (label: string, names: readonly string[]): readonly FrameLine[] =>
    names.length === 0 ? [] : [[[label.padEnd(9), 'dim'], nameList(names.map(show), width - 9)]];
  const why = wave.why === undefined ? '' : `, ${wave.why}`;
  // What was confirmed so long ago would have ended by itself, had it been armed.
  const age = model.nowMs - wave.startedAt;
  const begun = age < JOB_EXPIRY_MS ? '' : `; begun ${renderSpan(age)} ago by ${wave.by.user}`;
  return [
    ...wrapText(show(`${wave.kind} is ${wave.state}${why}: ${done} done, ${failed} failed${begun}`), width).map(
      (text): FrameLine => [[text, wave.state === 'stopped' ? 'bad' : 'plain']],
    ),
    ...line(`${waiting.length} wait`, waiting),
    ...line(`${active.length} run`, active),
  ];
}
