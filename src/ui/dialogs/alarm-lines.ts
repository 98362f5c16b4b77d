import { type Alarm, alarmsOf } from '../select/alarms.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Scene } from '../widgets/scene.ts';

/** Every alarm with its whole text: nothing of it is cut, however long. */
export function alarmLines({ model, theme }: Scene, width: number): readonly FrameLine[] {
  const alarms = alarmsOf(model);
  if (alarms.length === 0) return [[['No alarms: everything here is as it should be.', 'dim']]];
  const show = ({ title, texts }: Alarm): readonly FrameLine[] => [
    [[showText(title, theme.set, 200), 'bold']],
    ...texts
      .flatMap((text) => wrapText(showText(text, theme.set, 4_000), width - 2))
      .map((line): FrameLine => [`  ${line}`]),
  ];
  return alarms.flatMap((alarm, at) => (at === 0 ? show(alarm) : [[], ...show(alarm)]));
}
