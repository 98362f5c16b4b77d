import { cleanText } from '../../core/clean-text.ts';
import type { TerminalProfile } from './terminal-profile.ts';

/** Escape sequences that Ink does not send for us. */
export const AUTOWRAP_OFF = '\u001b[?7l';
export const AUTOWRAP_ON = '\u001b[?7h';
export const CLEAR_SCREEN = '\u001b[2J\u001b[H';
/** Button events as SGR reports (1006), without motion, so that selecting text with shift still works. */
export const MOUSE_ON = '\u001b[?1000h\u001b[?1006h';
export const MOUSE_OFF = '\u001b[?1006l\u001b[?1000l';
export const BELL = '\u0007';

/** xterm cuts OSC 52 at about 100 kB of base64; more would be lost in silence. */
const COPY_LIMIT_BYTES = 74_000;

/** OSC 52: the terminal at the operator's end takes the text into its clipboard, through any number of SSH hops. */
export function copySequence(text: string, profile: TerminalProfile): string | undefined {
  const bytes = Buffer.from(text, 'utf8');
  if (!profile.osc || bytes.length > COPY_LIMIT_BYTES) return undefined;
  const plain = `\u001b]52;c;${bytes.toString('base64')}\u0007`;
  if (profile.multiplexer === 'tmux')
    return `\u001bPtmux;${plain.replaceAll('\u001b', '\u001b\u001b')}\u001b\\${plain}`;
  // GNU screen takes at most 768 bytes in one DCS string.
  if (profile.multiplexer === 'screen')
    return (plain.match(/[\s\S]{1,700}/g) ?? []).map((part) => `\u001bP${part}\u001b\\`).join('');
  return plain;
}

export function titleSequence(title: string, profile: TerminalProfile): string {
  return profile.osc ? `\u001b]0;${cleanText(title, 80)}\u0007` : '';
}

/** XTWINOPS 22/23: keeps the shell's own title and brings it back. */
export const keepTitle = (profile: TerminalProfile): string => (profile.osc ? '\u001b[22;0t' : '');
export const restoreTitle = (profile: TerminalProfile): string => (profile.osc ? '\u001b[23;0t' : '');
