import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeKeys, FRESH_DECODER, flushKeys } from '../../../src/ui/keys/decode-keys.ts';
import type { Key } from '../../../src/ui/keys/key.ts';

/** Names of the keys of these chunks, then of the flush. */
function decode(...chunks: readonly string[]): readonly string[] {
  let decoder = FRESH_DECODER;
  const keys: Key[] = [];
  for (const chunk of chunks) {
    const step = decodeKeys(decoder, chunk);
    decoder = step.decoder;
    keys.push(...step.keys);
  }
  keys.push(...flushKeys(decoder).keys);
  return keys.map((key) =>
    key.kind === 'key' ? key.name : key.kind === 'paste' ? `paste:${key.text}` : `${key.what}@${key.column},${key.row}`,
  );
}

describe('keys out of bytes', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['a chunk of autorepeat is as many keys', ['jjj'], ['j', 'j', 'j']],
    ['arrows of xterm', ['\u001b[A\u001b[B'], ['up', 'down']],
    ['arrows in application mode', ['\u001bOA\u001bOD'], ['up', 'left']],
    ['an arrow that was cut in two by the line', ['\u001b[', 'A'], ['up']],
    ['an arrow that was cut after Esc', ['\u001b', '[A'], ['up']],
    ['F1 of a Linux console', ['\u001b[[A'], ['f1']],
    ['F5 of a Linux console, cut in two', ['\u001b[[', 'E'], ['f5']],
    ['F1 and F10 of xterm', ['\u001bOP\u001b[21~'], ['f1', 'f10']],
    [
      'home and end in three dialects',
      ['\u001b[H\u001b[1~\u001b[7~\u001b[F\u001b[4~\u001b[8~'],
      ['home', 'home', 'home', 'end', 'end', 'end'],
    ],
    ['page keys', ['\u001b[5~\u001b[6~'], ['pgup', 'pgdn']],
    ['shift-tab', ['\u001b[Z'], ['shift-tab']],
    ['ctrl and alt with arrows', ['\u001b[1;5C\u001b[1;3D'], ['ctrl-right', 'alt-left']],
    ['alt with a letter', ['\u001bx'], ['alt-x']],
    ['a lone Esc, after the wait', ['\u001b'], ['esc']],
    ['Esc twice is one Esc and the wait for the second', ['\u001b\u001b'], ['esc']],
    ['Esc before an arrow is both', ['\u001b\u001b[A'], ['esc', 'up']],
    ['control letters', ['\u0003\u0004\u001a\u000c'], ['ctrl-c', 'ctrl-d', 'ctrl-z', 'ctrl-l']],
    ['return, newline and tab', ['\r\n\t'], ['enter', 'enter', 'tab']],
    ['both ways of backspace', ['\u007f\b'], ['backspace', 'backspace']],
    ['letters beyond ASCII', ['é漢'], ['é', '漢']],
    ['a paste in brackets is one', ['\u001b[200~r07\rx\u001b[201~j'], ['paste:r07\rx', 'j']],
    ['a paste over three chunks, its end cut in two', ['\u001b[200~ab', 'cd\u001b[20', '1~'], ['paste:abcd']],
    ['escape sequences inside a paste are text of it', ['\u001b[200~\u001b[A\u001b[201~'], ['paste:\u001b[A']],
    ['a click', ['\u001b[<0;10;5M\u001b[<0;10;5m'], ['press@9,4', 'release@9,4']],
    ['the wheel', ['\u001b[<64;1;1M\u001b[<65;1;1M'], ['wheelUp@0,0', 'wheelDown@0,0']],
    ['other buttons are nothing', ['\u001b[<2;1;1M'], []],
    ['a cursor report is no key', ['\u001b[24;80R'], []],
    ['device attributes are no keys', ['\u001b[?62;22c\u001b[>0;276;0c'], []],
    ['an answer of the clipboard is no key', ['\u001b]52;c;cm0gLXJm\u0007j'], ['j']],
    ['a DCS answer is no key', ['\u001bP1$r0m\u001b\\j'], ['j']],
    ['a torn sequence is dropped whole', ['\u001b[12;3'], []],
    ['an unknown sequence is dropped whole', ['\u001b[99~x'], ['x']],
    ['C1 controls of a noisy line are dropped', ['\u009b\u0085j'], ['j']],
  ])('%s', (_name, chunks, expected) => {
    expect(decode(...chunks)).toEqual(expected);
  });

  test('tells a key that came alone from one out of a burst', () => {
    const one = decodeKeys(FRESH_DECODER, 'R').keys[0];
    const many = decodeKeys(FRESH_DECODER, 'Rr07').keys[0];
    expect(one).toMatchObject({ alone: true, burst: 1 });
    expect(many).toMatchObject({ alone: false, burst: 4 });
  });

  test('a paste that never ends is bounded', () => {
    let decoder = decodeKeys(FRESH_DECODER, '\u001b[200~').decoder;
    for (let round = 0; round < 200; round++) decoder = decodeKeys(decoder, 'x'.repeat(4096)).decoder;
    expect(decoder.paste?.length).toBeLessThanOrEqual(64_000);
  });

  test('any split of any bytes gives the same keys, and nothing hangs', () => {
    const pieces = fc.array(
      fc.constantFrom(
        'j',
        '\u001b[A',
        '\u001b[[B',
        '\u001bOP',
        '\u001b[5~',
        '\u001b[<0;3;4M',
        '\u001b[200~x\u001b[201~',
        'é',
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(pieces, fc.array(fc.nat({ max: 40 }), { maxLength: 4 }), (parts, cuts) => {
        const whole = parts.join('');
        const places = [...new Set(cuts.filter((at) => at > 0 && at < whole.length))].sort((a, b) => a - b);
        const chunks = [0, ...places].map((from, at) => whole.slice(from, places[at] ?? whole.length));
        expect(decode(...chunks)).toEqual(decode(whole));
      }),
    );
  });

  test('noise never throws and never waits for ever', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { maxLength: 6 }), (chunks) => {
        let decoder = FRESH_DECODER;
        for (const chunk of chunks) decoder = decodeKeys(decoder, chunk).decoder;
        expect(flushKeys(decoder).decoder.pending).toBe(decoder.paste === undefined ? '' : decoder.pending);
      }),
    );
  });
});
