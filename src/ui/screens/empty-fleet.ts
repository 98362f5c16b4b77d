import { keyIn } from '../keys/keymap.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import type { Tone } from '../terminal/theme.ts';
import type { Box, Scene } from '../widgets/scene.ts';
import { renderSpans } from '../widgets/spans.ts';

/** What stands where machines would: how they come here, or what hides them. */
export function emptyFleetLines({ model, theme }: Scene, box: Box): string[] {
  const say = (text: string, tone: Tone = 'dim') =>
    wrapText(showText(text, theme.set), box.width - 4).map((line) =>
      renderSpans(theme, ['   ', [line, tone]], box.width),
    );
  const blank = ' '.repeat(box.width);
  const key = (action: 'back' | 'showDiscovery') => keyIn(model.keymap, 'rack', action);
  if (model.view.total > 0)
    return [
      blank,
      ...say(`No node matches /${model.ui.filter}`, 'bold'),
      blank,
      ...say(model.view.filterProblem ?? `${model.view.total} nodes are hidden. ${key('back')} clears the filter.`),
    ];
  const strangers = model.fleet.strangers.size;
  const asked = strangers === 1 ? '1 unknown machine asked' : `${strangers} unknown machines asked`;
  return [
    blank,
    ...say('No machines yet.', 'bold'),
    blank,
    ...say('The inventory is a folder of YAML files, one per machine; the file name is the host name.'),
    ...say(
      strangers > 0
        ? `${asked} for an address: ${key('showDiscovery')} shows and adopts ${strangers === 1 ? 'it' : 'them'}.`
        : `Machines that ask for an address will be listed under ${key('showDiscovery')} (discovery).`,
    ),
    ...model.fleet.inventory.problems
      .slice(0, 5)
      .flatMap(({ file, line, column, message }) => say(`${file}:${line}:${column}: ${message}`, 'bad')),
  ];
}
