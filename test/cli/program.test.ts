import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bundle, bundleProgram } from './bundle.ts';

/** The program as its user meets it: a process with words in, words out and an exit code. */

let program: Bundle;
let inventory: string;
let broken: string;

beforeAll(async () => {
  program = await bundleProgram();
  const top = new URL('../..', import.meta.url).pathname;
  inventory = join(program.folder, 'inventory');
  broken = join(program.folder, 'broken');
  cpSync(join(top, 'inventory'), inventory, { recursive: true });
  mkdirSync(broken);
  writeFileSync(join(broken, '_site.yaml'), 'site: lab\nnetwork: []\n');
  writeFileSync(join(broken, 'node-01.yaml'), 'macs: [52:54:00:0a:21:01]\nserail: X1\n');
}, 60_000);
afterAll(() => program.remove());

const STACK = /^\s+at .+:\d+:\d+\)?$/m;

async function commandNames(): Promise<readonly string[]> {
  const { out } = await program.run(['--help']);
  return [...out.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map((match) => match[1] ?? '');
}

describe('help', () => {
  test('names every command, the exit codes and the way to try it', async () => {
    const { code, out, err } = await program.run(['--help']);
    expect([code, err]).toEqual([0, '']);
    const names = await commandNames();
    for (const name of ['up', 'serve', 'status', 'provision', 'check', 'doctor', 'replay', 'export', 'import'])
      expect(names).toContain(name);
    expect(out).toContain('Exit codes: 0 done');
  });

  test('of each command tells its usage and every option with a sentence', { timeout: 60_000 }, async () => {
    const names = await commandNames();
    // One after the other: all at once they would starve each other on a small machine.
    for (const name of names) {
      const { code, out, err } = await program.run([name, '--help']);
      expect([name, code, err]).toEqual([name, 0, '']);
      expect(out).toMatch(new RegExp(`^crashcart ${name}: .+\\n\\nUsage:\\n  crashcart .+`));
      const options = [...out.matchAll(/^ {2}--(\S+).*$/gm)];
      for (const [line] of options) expect(line, line).toMatch(/^ {2}--\S+(, -\S)?( [A-Z0-9×x]+)? {2,}\S.{4,}/);
    }
    const same = await program.run(['help', 'doctor']);
    expect(same.out).toBe((await program.run(['doctor', '-h'])).out);
  });

  test('tells the version', async () => {
    expect(await program.run(['--version'])).toEqual({ code: 0, out: 'crashcart 1.2.3-test\n', err: '' });
  });
});

describe('wrong words', () => {
  test.each<readonly [string, readonly string[], RegExp]>([
    [
      'a command that is none, with the nearest one',
      ['provison', 'x'],
      /no command "provison"; did you mean "provision"\?/,
    ],
    ['a command like none', ['frobnicate'], /no command "frobnicate"\n/],
    ['an option that is none', ['status', '--jason'], /crashcart status: .*--jason/],
    ['an option without its value', ['status', '--socket'], /crashcart status: .*--socket/],
    ['a number that is none', ['doctor', '--timeout', 'soon'], /--timeout takes a number from 1 to 3600, not "soon"/],
    ['nothing to do', ['provision'], /provision takes the names of the machines/],
    ['no file to replay', ['replay'], /replay takes one state folder/],
    ['two files to import', ['import', 'a', 'b'], /import takes one file/],
    ['no shell', ['completions', 'tcsh'], /completions takes bash, zsh or fish/],
    [
      'an inventory that is not there',
      ['check', '--inventory', 'missing'],
      /there is no inventory folder missing: name one with --inventory DIR .*_site\.yaml/,
    ],
    [
      'a plan from an inventory that is not there',
      ['plan', 'n1', '-i', 'missing'],
      /there is no inventory folder missing/,
    ],
  ])('%s: exit 2 and a sentence', async (_name, argv, words) => {
    const { code, out, err } = await program.run(argv);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(words);
    expect(err).not.toMatch(STACK);
  });

  test('the stack is there for who asks for it', async () => {
    const { code, err } = await program.run(['provision'], { env: { CRASHCART_DEBUG: '1' } });
    expect(code).toBe(2);
    expect(err).toMatch(STACK);
  });
});

describe('cannot run here', () => {
  test.each<readonly [string, readonly string[], RegExp]>([
    ['status without an engine', ['status'], /no engine is running here/],
    ['power without an engine', ['power', 'node-01', 'on'], /no engine is running here/],
    ['replay of nothing', ['replay', 'missing'], /missing is not there/],
    ['export without a journal', ['export'], /state\/crashcart is not there; --state DIR names another/],
    ['export of a folder that is not there', ['export', '--state', 'missing'], /^crashcart: missing is not there$/m],
    ['import of a file that is not there', ['import', 'missing.csv'], /cannot be read/],
    ['doctor without an inventory', ['doctor', '--inventory', 'missing'], /there is no inventory at/],
    ['serve without an inventory', ['serve', '--inventory', 'missing'], /inventory/],
  ])('%s: exit 3 and the way out', async (_name, argv, words) => {
    const { code, err } = await program.run(argv);
    expect(err).toMatch(words);
    expect(err).not.toMatch(STACK);
    expect(code).toBe(3);
  });
});

describe('check', () => {
  test('of a good tree is a line and exit 0', async () => {
    const { code, out } = await program.run(['check', '--inventory', inventory]);
    expect([code, out]).toEqual([0, expect.stringMatching(/^3 machines, 1 network: ok \(2 warnings\)$/m)]);
    // The example as it is delivered: right, and not yet fit to install anything.
    expect(out).toMatch(/^_talos\/worker\.yaml:1:1: warning: it holds no secrets: real machines are refused/m);
  });

  test('of a broken tree names file, line, column and the word that was meant', async () => {
    const { code, out } = await program.run(['check', '--inventory', broken]);
    expect(code).toBe(1);
    expect(out).toMatch(/^node-01\.yaml:2:1: error: .*serail.*serial/m);
    expect(out).toMatch(/^_site\.yaml:2:1: error: .*network.*networks/m);
    expect(out).toMatch(/^\d+ errors, /m);
  });

  test('says the same as JSON', async () => {
    const good = await program.run(['check', '--inventory', inventory, '--json']);
    expect(JSON.parse(good.out)).toMatchObject({ ok: true, machines: 3 });
    const bad = await program.run(['check', '--inventory', broken, '--json']);
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.out)).toMatchObject({
      ok: false,
      problems: expect.arrayContaining([expect.objectContaining({ file: 'node-01.yaml', line: 2, severity: 'error' })]),
    });
  });
});

describe('doctor', () => {
  /** Only loopback is asked, and nobody on it. */
  function quietSite(): string {
    const folder = join(program.folder, 'quiet');
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, '_site.yaml'),
      `site: quiet
networks: [{ relay: 127.0.0.9, address: 127.0.0.1, subnet: 127.0.0.0/24, dhcp: off }]
ports: { dhcp: 20067, proxy: 20011, tftp: 20069, http: 20080, events: 20002, kernelLog: 20001 }
talos: { version: v1.13.9 }
`,
    );
    writeFileSync(join(folder, 'node-01.yaml'), 'macs: [52:54:00:0a:21:01]\nserial: CZJ2140K9P\nip: 127.0.0.33\n');
    return folder;
  }

  test('fails where images are missing, in lines that say what to do', async () => {
    const { code, out, err } = await program.run(['doctor', '--inventory', quietSite(), '--quiet-wire']);
    expect([code, err]).toEqual([1, '']);
    const lines = out.trim().split('\n');
    expect(lines.slice(0, -2).every((line) => /^(ok {2}|warn|FAIL) {2}[\w ]+: \S/.test(line))).toBe(true);
    expect(out).toMatch(/^FAIL {2}boot files: there is no vault at .* {2}\u2014 crashcart images pull/m);
    expect(lines.at(-1)).toMatch(/^1 FAIL, \d+ warn, \d+ ok$/);
  });

  test('says the same as JSON', async () => {
    const { code, out } = await program.run(['doctor', '--inventory', quietSite(), '--quiet-wire', '--json']);
    expect(code).toBe(1);
    const value: unknown = JSON.parse(out);
    expect(value).toMatchObject({ ok: false, counts: { fail: 1 } });
    expect(value).toHaveProperty('lines.0', { state: 'ok', check: 'inventory', what: expect.any(String) });
  });

  test('of a broken inventory says where it is broken', async () => {
    const { code, out } = await program.run(['doctor', '--inventory', broken]);
    expect(code).toBe(1);
    expect(out).toMatch(/^FAIL {2}inventory: \d+ errors/);
  });
});

describe('import', () => {
  const CSV =
    'serial,mac,hostname,rack,unit\nCZJ1,52:54:00:00:01:01,r01-u01,r01,1\nCZJ2,52:54:00:00:01:02,r01-u02,r01,2\n';

  test('writes a packing list from standard input once, and never over it', async () => {
    const folder = join(program.folder, 'imported');
    const argv = ['import', '-', '--inventory', folder];
    const dry = await program.run([...argv, '--dry-run'], { stdin: CSV });
    expect([dry.code, dry.out]).toEqual([0, expect.stringMatching(/packing list: 2 files would be written/)]);
    const first = await program.run(argv, { stdin: CSV });
    expect([first.code, first.out]).toEqual([0, expect.stringMatching(/^wrote .*r01\/r01-u01\.yaml\n/)]);
    const again = await program.run(argv, { stdin: CSV });
    expect([again.code, again.err]).toEqual([1, expect.stringMatching(/exist already; nothing was written/)]);
    const dryAgain = await program.run([...argv, '--dry-run', '--json'], { stdin: CSV });
    expect([dryAgain.code, JSON.parse(dryAgain.out)]).toMatchObject([1, { wouldWrite: false, exist: { length: 2 } }]);
  });

  test.each<readonly [string, string, string, number]>([
    ['BareMetalHosts', 'bare-metal-hosts.yaml', 'BareMetalHost', 0],
    ['a TalosCluster', 'talos-cluster.yaml', 'TalosCluster', 0],
    ['a packing list', 'packing-list.csv', 'packing list', 0],
  ])('knows %s by what stands in it', async (_name, file, kind, code) => {
    const path = new URL(`../inventory/fixtures/${file}`, import.meta.url).pathname;
    const folder = join(program.folder, `from-${file}`);
    const ran = await program.run(['import', path, '--inventory', folder, '--json']);
    expect(JSON.parse(ran.out)).toMatchObject({ kind });
    expect(ran.code).toBe(code);
  });

  test.each([
    ['text', 'hello\n'],
    ['other YAML', 'kind: Deployment\nmetadata: { name: x }\n'],
    ['nothing', ''],
  ])('of %s is wrong usage', async (_name, stdin) => {
    const { code, err } = await program.run(['import', '-'], { stdin });
    expect([code, err]).toEqual([2, expect.stringMatching(/nothing that can be imported/)]);
  });

  test('of a list with an error writes nothing and says where it is', async () => {
    const { code, err } = await program.run(['import', '-', '--inventory', join(program.folder, 'none')], {
      stdin: 'serial,mac\nCZJ1,nonsense\n',
    });
    expect(code).toBe(1);
    expect(err).toMatch(/^standard input:2:\d+: error: "nonsense" is no MAC address/m);
    expect(err).toContain('nothing was written');
  });
});

describe('completions', () => {
  const shells: readonly (readonly [string, readonly string[]])[] = [
    ['bash', ['bash', '-n']],
    ['zsh', ['zsh', '-n']],
    ['fish', ['fish', '--no-execute']],
  ];
  const isHere = (shell: string) => spawnSync(shell, ['--version']).error === undefined;

  for (const [shell, [command = '', ...args]] of shells) {
    // bash is everywhere; the other two are looked at where somebody has them.
    const mustRun = shell === 'bash' || isHere(shell);
    test.runIf(mustRun)(
      `for ${shell} are what ${shell} can read${mustRun ? '' : ` (${shell} is not installed here)`}`,
      async () => {
        const { code, out } = await program.run(['completions', shell]);
        expect(code).toBe(0);
        // A file, because fish 3.6 cannot read a script from the socket that Node gives as standard input.
        const script = join(program.folder, `completions.${shell}`);
        writeFileSync(script, out);
        const parsed = spawnSync(command, [...args, script], { encoding: 'utf8' });
        expect([parsed.status, parsed.stderr]).toEqual([0, '']);
      },
    );
  }

  test('in bash complete a command, an option and the words of a command', async () => {
    const { out } = await program.run(['completions', 'bash']);
    const complete = (...words: readonly string[]) => {
      const script = `${out}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})\nCOMP_CWORD=${words.length - 1}\n_crashcart\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
      return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.trim().split('\n');
    };
    expect(complete('crashcart', 'prov')).toEqual(['provision']);
    expect(complete('crashcart', 'doctor', '--q')).toEqual(['--quiet-wire']);
    expect(complete('crashcart', 'completions', 'fi')).toEqual(['fish']);
  });

  test('know every command', async () => {
    const { out } = await program.run(['completions', 'fish']);
    for (const name of await commandNames()) if (name !== 'up') expect(out).toContain(`-a ${name} `);
  });
});
