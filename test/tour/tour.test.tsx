import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hintSpans } from '../../src/ui/screens/key-hints.ts';
import type { Span } from '../../src/ui/widgets/spans.ts';
import { drawScreen, PROFILES } from '../ui/draw-screen.tsx';
import type { SampleKind } from '../ui/sample-fleet.ts';
import { play, sampleModel } from '../ui/sample-model.ts';
import { README, readTour, writeTour } from './readme-tour.ts';

/**
 * The README's screens were recorded once (record-tour.ts says how to do it again). Here the same screens are drawn of a
 * sample fleet: what stands on a screen whatever it shows must be the same on both. Values may differ.
 */

interface Recorded {
  readonly heading: string;
  readonly kind: SampleKind;
  readonly keys: readonly string[];
  /** Words that this screen always has; a number in them is a `#`. */
  readonly words: readonly string[];
}

const STEPS = [
  'power on (BMC)',
  'HTTP boot script',
  'kernel + initrd',
  'system up, config',
  'INSTALL',
  'reboot to disk',
  'boot from disk',
  'first check-in',
];

const SCREENS: readonly Recorded[] = [
  { heading: 'The rack', kind: 'normal', keys: [], words: [' ready ', ' install ', ' boot ', ' armed #', ' row #/#'] },
  {
    heading: 'A machine that failed, and what to do',
    kind: 'failure',
    // The first problem of the sample is one that stalled.
    keys: ['n', '<enter>'],
    words: [...STEPS, '│ WHY (stalled)', '│ TRY', 'boot #, try #/#   job install'],
  },
  {
    heading: 'A BMC that lies',
    kind: 'failure',
    keys: ['<enter>'],
    words: [...STEPS, '│ WHY IT FAILED', '│ TRY', ' more: z', '!FAIL at '],
  },
  {
    heading: 'Nothing is erased by a key',
    kind: 'normal',
    keys: ['/', ...'u32', '<enter>', 'j', 'R', ...'r07-u3'],
    words: [
      '│ This ERASES the disks of r#-u#',
      '│ now  ',
      '│ disks    ERASED nvme',
      '│          kept   nvme',
      '│ image  ',
      '│ warning  ',
      '│ DIFFERENCE of the configuration to the last installation ',
      ' more lines: pgdn ',
      '│ Type the node name to go on: ',
      '│   cancel    enter: not yet, the text is incomplete   esc: cancel ',
    ],
  },
  {
    heading: 'From power-on to ready',
    kind: 'failure',
    // The one below the machine that failed.
    keys: ['j', '<enter>'],
    words: [...STEPS, '│ EVIDENCE  the phase rests on: ', '=RDY ready for #'],
  },
  {
    heading: 'Waves and jobs',
    kind: 'normal',
    keys: ['6'],
    words: [' jobs open, # may still write a disk', ' under way, # waiting)'],
  },
  {
    heading: 'Services and other DHCP servers',
    kind: 'failure',
    keys: ['4'],
    words: [' OTHER DHCP SERVERS ON THIS WIRE: ', '   leases: #', ' SENT  now #', ' in the last minute '],
  },
  {
    heading: 'Machines that nobody knows',
    kind: 'normal',
    keys: ['3'],
    words: [
      ' unknown machines asked for an address',
      'discovery boot: OFF',
      '   DHCP vendor class ',
      '   switch port ',
      ' first seen # s ago, asked # times, last as firmware',
      ' No boot file was offered to it here',
    ],
  },
];

/** Titles of tables and panes, and the line above a log, in which its keys stand. */
const TITLES: readonly RegExp[] = [
  /^ +U node +phase .*$/,
  /^ {3,6}[a-z][a-z\d /]+$/,
  /^─LOG.*$/,
  /^ TIMELINE +took +total/,
];

const titlesOf = (lines: readonly string[]): readonly string[] =>
  lines.flatMap((line) => TITLES.flatMap((title) => title.exec(line.trimEnd())?.[0] ?? []));

const masked = (text: string): string => text.replaceAll(/\d+/g, '#');

/** `/ filter  enter detail` as its pieces. */
const hintsOf = (line: string): readonly string[] => masked(line).trim().split(/ {2,}/);

const lineOf = (spans: readonly Span[]): string =>
  spans.map((span) => (typeof span === 'string' ? span : span[0])).join('');

const recorded = readTour(readFileSync(README, 'utf8'));

test('every screen of the tour is compared here', () => {
  expect([...recorded.keys()]).toEqual(SCREENS.map(({ heading }) => heading));
});

describe.each(SCREENS)('$heading', ({ heading, kind, keys, words }) => {
  const told = recorded.get(heading) ?? [];
  const { model } = play(sampleModel(kind), keys);

  test('fills a terminal of 80x25', () => {
    expect(told.length).toBe(25);
    expect(told.filter((line) => [...line].length > 80)).toEqual([]);
  });

  test('has the titles and words that the program draws today', async () => {
    const drawn = (await drawScreen(model, PROFILES.unicode)).lines();
    expect(titlesOf(told)).toEqual(titlesOf(drawn));
    const [toldText, drawnText] = [told, drawn].map((lines) => masked(lines.join('\n')));
    expect(words.filter((word) => !toldText?.includes(word))).toEqual([]);
    expect(words.filter((word) => !drawnText?.includes(word))).toEqual([]);
  });

  test('ends with keys that the program offers there', async () => {
    const drawn = (await drawScreen(model, PROFILES.unicode)).lines();
    const offered = [...hintsOf(drawn.at(-1) ?? ''), ...hintsOf(lineOf(hintSpans(model, 1_000)))];
    expect(hintsOf(told.at(-1) ?? '').filter((hint) => !offered.includes(hint))).toEqual([]);
  });
});

describe('the tour is written anew', () => {
  const readme =
    '# x\n\n### No\n\n```text\na\n```\n\n## A tour of the demo\n\n### One\n\nWords.\n\n```text\nold\n```\n\n## Licence\n';

  test('one screen goes, and nothing else', () => {
    expect(writeTour(readme, new Map([['One', 'new $1\nline']]))).toBe(readme.replace('old', () => 'new $1\nline'));
  });

  test('with a heading that the README has not, or without one that it has, nothing is written', () => {
    expect(() => writeTour(readme, new Map([['Two', 'new']]))).toThrow(/One.*Two/);
    expect(() => writeTour(readme, new Map())).toThrow(/One/);
    expect(() => writeTour('# x\n', new Map())).toThrow(/A tour of the demo/);
  });
});
