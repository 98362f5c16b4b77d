import { LOOKS } from '../select/node-look.ts';
import { fitText, wrapText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import { fitSpans } from '../widgets/spans.ts';

/** What the short words of rack and list mean, in the order in which a machine goes through them. */
export const WORDS: Readonly<Record<string, string>> = {
  IDLE: 'known, nothing asked of it',
  '+ARM': 'armed: waits for its boot',
  POWR: 'BMC sets boot and power',
  DHCP: 'asks for an address',
  LOAD: 'fetches the boot loader',
  IPXE: 'iPXE runs',
  SCRP: 'got its boot script',
  KERN: 'fetches the kernel',
  INRD: 'fetches the initramfs',
  HAND: 'starts the kernel',
  UP: 'system up, not told what to do',
  CONF: 'fetches its configuration',
  '=MNT': 'maintenance mode, in memory',
  '=RAM': 'rescue system, in memory',
  WIPE: 'its disk is erased',
  INST: 'installs to disk',
  INSD: 'installed, not restarted yet',
  REBT: 'restarts into its disk',
  DISK: 'boots from disk',
  '=RUN': 'runs, not ready yet',
  '=RDY': 'ready',
  OFF: 'power is off',
  '?HALT': 'found a system and halted',
  '?LATE': 'longer than it should take',
  '?STAL': 'stalled: nothing moves',
  '?SLNT': 'was up, is not heard any more',
  '?LOST': 'not heard since the restart',
  '!FAIL': 'failed: enter tells why',
  '!IDNT': 'not the machine of its file',
  '#HOLD': 'held by an operator',
};

/** The legend, in as many columns as fit. */
export function wordLines(width: number): readonly FrameLine[] {
  const across = width >= 76 ? 2 : 1;
  const own = Math.floor(width / across);
  const tones = new Map(LOOKS.map((look) => [look.word.trim(), look.tone]));
  const cells = Object.entries(WORDS).flatMap(([word, meaning]) =>
    wrapText(meaning, own - 8).map(
      (part, row): FrameLine => [' ', [fitText(row === 0 ? word : '', 6), tones.get(word) ?? 'plain'], part],
    ),
  );
  const height = Math.ceil(cells.length / across);
  const lines = Array.from(
    { length: height },
    (_, at): FrameLine =>
      Array.from({ length: across }, (_column, column) => fitSpans(cells[column * height + at] ?? [], own)).flat(),
  );
  return [[], [['WORDS OF THE PHASES', 'bold']], ...lines];
}
