// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the variables of iPXE
import { describe, expect, test } from 'vitest';
import { createIpxeMachine } from '../../../src/protocols/ipxe/ipxe-machine.ts';
import { parseIpxe } from '../../../src/protocols/ipxe/parse-ipxe.ts';
import { stepIpxe } from '../../../src/protocols/ipxe/step-ipxe.ts';
import { feedNoise } from '../seeded-noise.ts';
import { machineSettings, runScript } from './run-script.ts';

const scripts: readonly [string, string, readonly string[]][] = [
  ['an empty script ends well', '', ['exit 0']],
  ['a failure ends the script', 'goto nowhere\necho never', ['exit 1 because line 2: no label "nowhere"']],
  ['|| catches a failure', 'goto nowhere || echo caught\necho on', ['echo caught', 'echo on', 'exit 0']],
  ['|| is skipped after success', 'iseq a a || echo no\necho on', ['echo on', 'exit 0']],
  ['&& after || runs when the first went well', 'iseq a a || echo no && echo yes', ['echo yes', 'exit 0']],
  ['; runs whatever was', 'iseq a b ; echo yes', ['echo yes', 'exit 0']],
  ['a lone || makes a failure a success', 'iseq a b && goto x ||\necho on', ['echo on', 'exit 0']],
  ['the innermost expansion is first', 'set idx 0\necho ${net${idx}/mac}', ['echo 52:54:00:1a:bd:03', 'exit 0']],
  [
    'what an expansion brings in is expanded as well',
    'set a $\necho ${a}{uuid}',
    ['echo 56d96de7-4f69-5b62-98b5-82a7fec58d7a', 'exit 0'],
  ],
  ['a value with a space stays one word', 'iseq ${serial} ${serial} && echo same', ['echo same', 'exit 0']],
  [
    'inc counts in a loop',
    'set n:int32 0\n:again\ninc n\niseq ${n} 3 || goto again\necho ${n:int32}',
    ['echo 3', 'exit 0'],
  ],
  ['a comment behind a command', 'echo a # b || reboot', ['echo a', 'exit 0']],
  ['a back-slash joins lines', 'echo a \\\n  b', ['echo a b', 'exit 0']],
  ['Windows line ends', 'echo a\r\nexit 3\r\n', ['echo a', 'exit 3']],
  ['isset sees an unset one', 'isset ${asset} && echo set || echo unset', ['echo unset', 'exit 0']],
  ['clear unsets', 'set asset 1\nclear asset\nisset ${asset} || echo gone', ['echo gone', 'exit 0']],
  [
    'uristring of bytes',
    'chain http://a/?u=${uuid:uristring}',
    ['exit 1 because line 2: ${uuid:uristring} gives raw bytes in a URL'],
  ],
  ['an unknown format', 'echo ${serial:base64}', ['exit 1 because line 2: ${serial:base64} has an unknown format']],
  ['boot without a kernel', 'boot', ['exit 1 because line 2: boot without a kernel']],
  [
    'imgfree forgets the kernel',
    'kernel http://a/k\nimgfree\nboot || exit 4',
    ['fetch kernel k http://a/k []', 'exit 4'],
  ],
  [
    'options come before the URL',
    'kernel --name vmlinuz http://a/k?x=1 --quiet a=b',
    ['fetch kernel vmlinuz http://a/k?x=1 [--quiet a=b]', 'exit 0'],
  ],
  ['a variable that names itself', 'set a x\nset b $\nset a ${b}{a}\necho ${a}', ['echo x', 'exit 0']],
];

describe('stepIpxe', () => {
  test.each(scripts)('%s', (_name, body, expected) => {
    expect(runScript(`#!ipxe\n${body}`)).toEqual(expected);
  });

  test('an expansion never becomes a command', () => {
    const seen = runScript('#!ipxe\necho ${serial} x', undefined, new Map([['serial', '|| reboot']]));
    expect(seen).toEqual(['echo || reboot x', 'exit 0']);
  });

  test('an expansion without end is given up', () => {
    const seen = runScript('#!ipxe\necho ${a}', undefined, new Map([['a', '${a}']]));
    expect(seen).toEqual(['exit 1 because line 2: an expansion does not end']);
  });

  test('a value that doubles in a loop is out of memory long before we are', () => {
    expect(runScript('#!ipxe\nset a xxxxxxxx\n:a\nset a ${a}${a}\ngoto a')).toEqual([
      'exit 1 because line 4: set: out of memory',
    ]);
    const names = '#!ipxe\nset n 0\n:a\ninc n\nset x${n} 1\ngoto a';
    expect(runScript(names)).toEqual(['exit 1 because line 5: set: out of memory']);
  });

  test('a loop that does nothing is given up', () => {
    expect(runScript('#!ipxe\n:a\ngoto a')).toEqual([
      'exit 1 because line 3: 10000 commands without doing anything: the script goes round in a loop',
    ]);
  });

  test('DHCP brings settings, and a failed fetch leaves no image', () => {
    const seen = runScript(
      '#!ipxe\ndhcp\necho ${net0/ip}\nkernel http://a/k || echo ${net0/ip} failed\nboot',
      (action) => {
        if (action.kind === 'dhcp') return { kind: 'done', settings: new Map([['net0/ip', '10.0.0.9']]) };
        return action.kind === 'fetch' ? { kind: 'failed', reason: 'no route' } : { kind: 'done' };
      },
    );
    expect(seen).toEqual([
      'dhcp ',
      'echo 10.0.0.9',
      'fetch kernel k http://a/k []',
      'echo 10.0.0.9 failed',
      'exit 1 because line 5: boot without a kernel',
    ]);
  });

  test('a failure that nobody catches tells why', () => {
    const seen = runScript('#!ipxe\nchain http://a/b', () => ({ kind: 'failed', reason: 'connection timed out' }));
    expect(seen).toEqual(['chain http://a/b', 'exit 1 because line 2: connection timed out']);
  });
});

describe('parseIpxe', () => {
  test.each([
    ['no first line', 'echo a', 'the first line is not #!ipxe'],
    ['another program', '#!ipxe2\necho', 'the first line is not #!ipxe'],
    ['HTML', '<html>', 'the first line is not #!ipxe'],
    ['an unknown command', '#!ipxe\necho\n\nfrobnicate x', 'line 4: unknown command "frobnicate"'],
    ['an unknown command behind ||', '#!ipxe\necho a || \u001b[2Jfoo', 'line 2: unknown command "foo"'],
    ['a script without end', `#!ipxe\n${'a'.repeat(300_000)}`, 'a script of 300007 characters is too long'],
  ])('%s', (_name, text, error) => {
    expect(parseIpxe(text)).toEqual({ ok: false, error });
  });

  test('a word of 200,000 braces takes no time', () => {
    const started = performance.now();
    expect(runScript(`#!ipxe\necho ${'}'.repeat(200_000)}`)).toHaveLength(2);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('200,000 damaged scripts', () => {
    const samples = scripts.map(([, body]) => Buffer.from(`#!ipxe\n${body}`));
    let fed = 0;
    feedNoise(samples, 200_000, 175, (bytes) => {
      const program = parseIpxe(Buffer.from(bytes).toString('latin1'));
      fed += 1;
      // Running is the slow part: a damaged loop may take its 10,000 commands.
      if (!program.ok || fed % 16 !== 0) return;
      let machine = createIpxeMachine(program.value, machineSettings);
      for (let i = 0; i < 5 && !machine.over; i += 1) {
        [machine] = stepIpxe(machine, i === 0 ? { kind: 'start' } : { kind: 'done' });
      }
    });
  });
});
