import { expect, test } from 'vitest';
import { createTerminalGuard } from '../../../src/ui/screen/terminal-guard.ts';
import { readTerminalProfile } from '../../../src/ui/terminal/terminal-profile.ts';

const UTF8 = { LANG: 'C.UTF-8' };

test.each<[name: string, env: Record<string, string>, end: string]>([
  ['a terminal with an alternate screen is left as it was', { TERM: 'xterm-256color' }, '\u001b[23;0t'],
  ['tmux too', { TERM: 'screen-256color', TMUX: '/tmp/t' }, '\u001b[23;0t'],
  ['in GNU screen the prompt begins a line of its own', { TERM: 'screen', STY: '1.pts' }, '\r\n\u001b[23;0t'],
  ['and on a vt220', { TERM: 'vt220' }, '\r\n'],
  ['a console is cleared', { TERM: 'linux' }, '\u001b[2J\u001b[H'],
])('%s', (_name, env, end) => {
  let written = '';
  const out = { write: (text: string) => (written += text) };
  const guard = createTerminalGuard(out, readTerminalProfile({ ...UTF8, ...env }));
  guard.giveBack();
  expect(written).toBe('');
  guard.take();
  guard.giveBack();
  expect(written.slice(written.indexOf('\u001b[?7h') + 5)).toBe(end);
  const once = written;
  guard.giveBack();
  expect(written).toBe(once);
});
