import { nameList } from '../screens/jobs-screen.ts';
import { quorumGroups } from '../select/quorum-groups.ts';
import { isWave, phraseFor, TOGETHER } from '../state/typed-phrase.ts';
import type { TypedDialog } from '../state/ui-state.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Scene } from '../widgets/scene.ts';

/** Of a wave over several control-plane nodes of one cluster: that they go one at a time, and what else costs. */
export function togetherLines({ model, theme }: Scene, dialog: TypedDialog, width: number): readonly FrameLine[] {
  if (!isWave(dialog.action)) return [];
  const groups = quorumGroups(model.fleet, dialog.nodes);
  if (groups.length === 0) return [];
  const lines = (text: string, tone: 'plain' | 'warn') =>
    wrapText(text, width).map((line): FrameLine => [[line, tone]]);
  const show = (text: string) => showText(text, theme.set);
  return [
    ...groups
      .slice(0, 3)
      .flatMap((group): readonly FrameLine[] => [
        ...lines(`${group.nodes.length} control-plane nodes of ${show(group.cluster)} go one at a time:`, 'plain'),
        ['  ', nameList(group.nodes.map(show), width - 2)],
      ]),
    ...(groups.length > 3 ? lines(`and those of ${groups.length - 3} more clusters`, 'plain') : []),
    ...lines(
      `Typed as  ${phraseFor(dialog.action, dialog.nodes)}${TOGETHER}  they may go at the same time. A cluster that runs LOSES ITS QUORUM by that and stops: only for one that is not there yet.`,
      'warn',
    ),
    [],
  ];
}
