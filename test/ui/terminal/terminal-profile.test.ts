import { expect, test } from 'vitest';
import { readTerminalProfile, type TerminalFlags } from '../../../src/ui/terminal/terminal-profile.ts';

test.each<[string, Record<string, string>, TerminalFlags, string, boolean]>([
  ['xterm with UTF-8', { TERM: 'xterm-256color', LANG: 'en_US.UTF-8' }, {}, 'unicode', true],
  ['a Linux console', { TERM: 'linux', LANG: 'C.UTF-8' }, {}, 'vt', true],
  ['a Linux console without UTF-8', { TERM: 'linux', LANG: 'C' }, {}, 'ascii', true],
  ['LANG=C in xterm', { TERM: 'xterm', LANG: 'C' }, {}, 'ascii', true],
  ['LC_ALL over LANG', { TERM: 'xterm', LANG: 'en_US.UTF-8', LC_ALL: 'C' }, {}, 'ascii', true],
  ['an empty LC_ALL counts as none', { TERM: 'xterm', LANG: 'de_DE.utf8', LC_ALL: '' }, {}, 'unicode', true],
  ['a serial line as vt220', { TERM: 'vt220', LANG: 'en_US.UTF-8' }, {}, 'ascii', false],
  ['dumb', { TERM: 'dumb', LANG: 'en_US.UTF-8' }, {}, 'ascii', false],
  ['no TERM at all', {}, {}, 'ascii', false],
  ['NO_COLOR', { TERM: 'xterm', LANG: 'C.UTF-8', NO_COLOR: '1' }, {}, 'unicode', false],
  ['an empty NO_COLOR counts as none', { TERM: 'xterm', LANG: 'C.UTF-8', NO_COLOR: '' }, {}, 'unicode', true],
  ['--ascii', { TERM: 'xterm', LANG: 'C.UTF-8' }, { ascii: true }, 'ascii', true],
  ['--colour over NO_COLOR', { TERM: 'xterm', LANG: 'C.UTF-8', NO_COLOR: '1' }, { colour: true }, 'unicode', true],
  ['tmux', { TERM: 'tmux-256color', LANG: 'C.UTF-8', TMUX: '/tmp/x' }, {}, 'unicode', true],
])('%s', (_name, env, flags, glyphs, colour) => {
  expect(readTerminalProfile(env, flags)).toMatchObject({ glyphs, colour });
});
