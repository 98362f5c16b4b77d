import { cleanText } from '../../core/clean-text.ts';
import { fail, ok, type Result } from '../../core/result.ts';

export type IpxeJoin = 'always' | 'onSuccess' | 'onFailure';

export interface IpxeCommand {
  /** As written: expansion comes when it runs, word by word, so a value with spaces stays one word. */
  readonly words: readonly string[];
  /** When it runs, given how the one before it ended. */
  readonly when: IpxeJoin;
}

export interface IpxeLine {
  readonly number: number;
  readonly commands: readonly IpxeCommand[];
}

export interface IpxeProgram {
  readonly lines: readonly IpxeLine[];
  /** Index into `lines`. */
  readonly labels: ReadonlyMap<string, number>;
}

const MAX_BYTES = 256 * 1024;

export const IPXE_COMMANDS: ReadonlySet<string> = new Set(
  'echo set clear inc goto iseq isset ifopen dhcp imgfree kernel initrd imgfetch chain boot exit sanboot sleep reboot shell'.split(
    ' ',
  ),
);

const JOINS: ReadonlyMap<string, IpxeJoin> = new Map([
  ['||', 'onFailure'],
  ['&&', 'onSuccess'],
  [';', 'always'],
]);

function parseCommands(text: string): readonly IpxeCommand[] {
  const commands: IpxeCommand[] = [];
  let words: string[] = [];
  let when: IpxeJoin = 'always';
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    if (word.startsWith('#')) break;
    const join = JOINS.get(word);
    if (join === undefined) words.push(word);
    else {
      commands.push({ words, when });
      words = [];
      when = join;
    }
  }
  commands.push({ words, when });
  return commands;
}

/** `#!ipxe` first, back-slash joins lines, `:label` stands alone. A command that is not known is named with its line. */
export function parseIpxe(text: string): Result<IpxeProgram> {
  if (text.length > MAX_BYTES) return fail(`a script of ${text.length} characters is too long`);
  if (!/^#!ipxe\s*?(?:\r?\n|$)/.test(text)) return fail('the first line is not #!ipxe');
  const lines: IpxeLine[] = [];
  const labels = new Map<string, number>();
  let held = '';
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    if (raw.endsWith('\\')) {
      held += raw.slice(0, -1);
      continue;
    }
    const line = (held + raw).trim();
    held = '';
    if (line.startsWith(':')) {
      const label = line.slice(1).split(/\s/)[0] ?? '';
      // iPXE searches from the top: the first of two equal labels is the one.
      if (!labels.has(label)) labels.set(label, lines.length);
      continue;
    }
    if (line === '' || line.startsWith('#')) continue;
    const commands = parseCommands(line);
    const unknown = commands.find(({ words: [name] }) => name !== undefined && !IPXE_COMMANDS.has(name));
    if (unknown !== undefined) return fail(`line ${i + 1}: unknown command "${cleanText(unknown.words[0] ?? '', 60)}"`);
    lines.push({ number: i + 1, commands });
  }
  return ok({ lines, labels });
}
