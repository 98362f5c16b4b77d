import { describe, expect, test } from 'vitest';
import { nodeOf } from '../../../src/core/fleet.ts';
import { setIn } from '../../../src/core/shard-map.ts';
import { addLogSlice, EMPTY_LOG } from '../../../src/ui/state/log-buffer.ts';
import type { ScreenModel } from '../../../src/ui/state/screen-model.ts';
import { drawScreen, PROFILES } from '../draw-screen.tsx';
import { NOW } from '../sample-fleet.ts';
import { play, sampleModel } from '../sample-model.ts';
import { lintConsole } from '../vt-lint.ts';

/** Everything that a machine on the wire may say about itself, in the places where the screen shows it. */
const EVIL: readonly (readonly [string, string])[] = [
  ['colours that look like ours', '\u001b[31;1m!FAIL\u001b[0m'],
  ['a cleared screen', '\u001b[2J\u001b[H\u001b[?1049l'],
  ['the clipboard and the title', '\u001b]52;c;cm0gLXJmIC8=\u0007\u001b]0;pwned\u0007'],
  ['a link', '\u001b]8;;http://evil\u001b\\here\u001b]8;;\u001b\\'],
  ['right to left', '\u202eelif.txt\u2066x\u2069'],
  ['wide letters', '機器'.repeat(30)],
  ['joined emoji', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'.repeat(10)],
  ['stacked marks', `Z${'\u0351\u0343\u0356'.repeat(40)}`],
  ['a very long line', 'x'.repeat(10_000)],
  ['tabs, lines and bells', 'a\tb\r\nc\u0007\u0008d'],
  ['C1 controls', '\u009b31mred\u009d0;t\u009c'],
  ['half of a letter', 'a\ud800b'],
];

function poison(text: string, columns = 80, rows = 25): ScreenModel {
  const model = sampleModel('failure', columns, rows);
  const node = nodeOf(model.fleet, 'r07-u33');
  if (node === undefined || node.health.is === 'ok') throw new Error('the sample has changed');
  const bad = {
    ...node,
    health: { ...node.health, detail: text },
    seen: { ...node.seen, hostName: text, product: text, serial: text, bmcProblem: text, talosVersion: text },
    evidence: [{ at: NOW, from: 'node' as const, text }],
    ask: text,
  };
  const stranger = {
    mac: '52:54:00:00:00:01',
    firstAt: NOW,
    lastAt: NOW,
    asks: 1,
    asked: 'os' as const,
    hostName: text,
    vendorClass: text,
    serial: text,
    switchPort: text,
    ignored: false,
  };
  const log = addLogSlice(EMPTY_LOG, {
    fromLine: 0,
    nextLine: 1,
    lines: [{ at: NOW, source: text, level: 'info', text }],
  });
  return {
    ...model,
    fleet: {
      ...model.fleet,
      nodes: setIn(model.fleet.nodes, node.name, bad),
      strangers: setIn(model.fleet.strangers, stranger.mac, stranger),
      site: text,
    },
    recent: [{ at: NOW, node: text, text }],
    logs: new Map([
      ['r07-u33', log],
      ['*', log],
    ]),
    services: [{ name: text, state: 'warn', word: text, listens: text, note: text }],
    audit: [{ at: NOW, who: text, from: text, what: text, nodes: [text], outcome: text }],
  };
}

describe('hostile text', () => {
  test.each(EVIL)('%s moves nothing and paints nothing', async (_name, text) => {
    for (const keys of [[], ['<enter>'], ['2'], ['3'], ['4'], ['5'], ['R'], ['6']]) {
      const { model } = play(poison(text), keys);
      const drawn = await drawScreen(model, PROFILES.vt);
      expect(lintConsole(drawn.stdout.transcript)).toEqual([]);
      for (const [at, line] of drawn.lines().entries()) expect([at, line.length <= 80]).toEqual([at, true]);
      // The frame around it stands where it always stands.
      expect(drawn.lines()[0]).toMatch(/^ CRASHCART/);
      expect(drawn.lines()[24]).toMatch(/\? help|esc/);
    }
  });

  test('wide letters keep the columns of a wide screen in their places', async () => {
    const drawn = await drawScreen(poison('機器'.repeat(30), 140, 40), PROFILES.unicode);
    const rows = drawn.lines().slice(4, 36);
    for (const line of rows) expect(columnsBefore(line, '│')).toEqual([46, 109]);
  });
});

/** Screen columns of each separator; a wide letter is two. */
function columnsBefore(line: string, mark: string): readonly number[] {
  const found: number[] = [];
  let column = 0;
  for (const glyph of line) {
    if (glyph === mark) found.push(column);
    column += /[\u4e00-\u9fff]/.test(glyph) ? 2 : 1;
  }
  return found;
}
