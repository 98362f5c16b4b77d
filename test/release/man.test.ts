import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { renderBody, renderMan } from '../../.tools/render-man.ts';
import type { Command } from '../../src/cli/command.ts';
import { run } from '../whole/run-program.ts';
import { hasTool, runTool, TOP } from './run-tool.ts';

const page = join(TOP, 'dist', 'crashcart.1');
const source = () => readFileSync(page, 'utf8');
const plain = (roff: string) =>
  roff
    .replace(/\\f[BIR]/g, '')
    .replaceAll('\\-', '-')
    .replaceAll('\\e', '\\');

async function commandNames(): Promise<string[]> {
  const { out } = await run(['--help']);
  return [...out.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map((match) => match[1] ?? '');
}

describe('the manual page', () => {
  let names: string[] = [];
  beforeAll(async () => {
    names = await commandNames();
    expect(names.length).toBeGreaterThan(8);
  });

  test('has a section for every command of --help, in its order', () => {
    expect([...source().matchAll(/^\.SS (.*)$/gm)].map((match) => match[1])).toEqual(names);
  });

  test('knows every option that the completions offer, and no other', () => {
    const sections = source().split(/^\.S[SH] /m);
    const fish = readFileSync(join(TOP, 'dist', 'completions', 'crashcart.fish'), 'utf8');
    for (const name of names) {
      const offered = [...fish.matchAll(new RegExp(`from ${name}' -l ([a-z-]+)`, 'g'))].map((match) => match[1]);
      const section = plain(sections.find((text) => text.startsWith(`${name}\n`)) ?? '');
      const written = [...section.matchAll(/^\.TP\n(?:-\w, )?--([a-z-]+)/gm)].map((match) => match[1]);
      expect({ name, written }).toEqual({ name, written: offered });
    }
  });

  test('explains an option in the words of --help', async () => {
    const { out } = await run(['images', '--help']);
    const helps = [...out.matchAll(/^ {2}--[a-z-]+.*? {2,}(\S.*)$/gm)].map((match) => match[1] ?? '');
    expect(helps.length).toBeGreaterThan(8);
    const text = plain(source()).toLowerCase();
    expect(helps.filter((help) => !text.includes(help.toLowerCase()))).toEqual([]);
  });

  test('explains every variable of the environment that the program reads', () => {
    const bundle = readFileSync(join(TOP, 'dist', 'crashcart.mjs'), 'utf8');
    const ours = new Set([...bundle.matchAll(/\benv\.(CRASHCART_[A-Z_]+)/g)].map((match) => match[1] ?? ''));
    expect(ours.size).toBeGreaterThan(2);
    expect([...ours].filter((name) => !source().includes(name))).toEqual([]);
  });

  test('is formatted without a warning', async () => {
    if (!hasTool('groff', 'the formatting of the manual page')) return;
    const { code, out, err } = await runTool('groff', ['-man', '-Tutf8', '-K', 'utf8', '-P-cbou', '-ww', page]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('EXIT STATUS');
  });
});

describe('text becomes roff', () => {
  const command: Command = {
    name: 'say',
    summary: 'one word',
    usage: ['say [--loud] WORD   (once)'],
    about: '.TH is no request here, nor is \\fB.',
    options: { loud: { type: 'string', short: 'l', value: 'N', help: 'how loud (default: 1)' } },
    examples: ["'quoted' --loud 2"],
    run: async () => 0,
  };
  const roff = renderMan([command], '1.2.3', '2026-01-02');

  test.each([
    ['a line that begins with a dot is text', '\n\\&.TH is no request'],
    ['a backslash is text', 'nor is \\efB.'],
    ['an example that begins with a quote is text', "\n\\&'quoted' \\-\\-loud 2"],
    ['an option is bold, its value italic', '\\fB\\-l\\fR, \\fB\\-\\-loud\\fR \\fIN\\fR\nHow loud (default: 1).'],
    ['version and date are in the title', '.TH CRASHCART 1 "2026-01-02" "crashcart 1.2.3"'],
    ['a usage tells form and remark apart', '\\fBcrashcart say\\fR [\\fB\\-\\-loud\\fR] \\fIWORD\\fR (once)'],
  ])('%s', (_name, expected) => expect(roff).toContain(expected));

  test('columns keep their lines, prose is filled, indented lines are literal', () => {
    expect(renderBody('a  b\nc  d')).toEqual(['a  b', '.br', 'c  d']);
    expect(renderBody('one\ntwo')).toEqual(['one', 'two']);
    expect(renderBody('x\n\n  y z')).toEqual(['x', '.PP', '.PP', '.RS 4', '.nf', 'y z', '.fi', '.RE']);
  });
});
