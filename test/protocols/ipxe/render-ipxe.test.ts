// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the variables of iPXE
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { IpxeStep } from '../../../src/protocols/ipxe/ipxe-step.ts';
import { renderIpxe } from '../../../src/protocols/ipxe/render-ipxe.ts';
import { runScript } from './run-script.ts';

function script(steps: readonly IpxeStep[]): string {
  const result = renderIpxe(steps);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

const install: readonly IpxeStep[] = [
  { do: 'comment', text: 'r07-u28 attempt 3' },
  { do: 'echo', text: 'crashcart: installing r07-u28' },
  { do: 'set', name: 'base', value: 'http://10.0.0.2:8080/k/abc' },
  { do: 'ifopen', device: 'net0' },
  { do: 'imgfree' },
  {
    do: 'retry',
    name: 'kernel',
    step: {
      do: 'kernel',
      url: 'http://10.0.0.2:8080/k/abc/vmlinuz',
      name: 'vmlinuz',
      args: [
        'initrd=initramfs.xz',
        'console=ttyS0,115200',
        'talos.platform=metal',
        'talos.config=http://10.0.0.2/c?a=1&b=2',
      ],
    },
    waitsSeconds: [1, 2, 4],
    orElse: 'giveup',
  },
  { do: 'initrd', url: 'http://10.0.0.2:8080/k/abc/initramfs.xz', name: 'initramfs.xz', orElse: 'giveup' },
  { do: 'boot', orElse: 'giveup' },
  { do: 'label', name: 'giveup' },
  { do: 'echo', text: 'crashcart: no kernel' },
  { do: 'sleep', seconds: 5 },
  { do: 'reboot' },
];

const identify: readonly IpxeStep[] = [
  { do: 'dhcp', device: 'net0', orElse: 'off' },
  {
    do: 'chain',
    url: [
      'http://10.0.0.2/boot.ipxe?uuid=',
      { setting: 'uuid' },
      '&mac=',
      { setting: 'net0/mac', format: 'hexhyp' },
      '&serial=',
      { setting: 'serial', format: 'uristring' },
    ],
    replace: true,
    autofree: true,
  },
  { do: 'label', name: 'off' },
  { do: 'exit', status: 1 },
];

const local: readonly IpxeStep[] = [
  { do: 'gotoIf', left: [{ setting: 'platform' }], is: '==', right: 'efi', label: 'efi' },
  { do: 'sanboot', drive: 0x80, orElse: 'bios' },
  { do: 'label', name: 'bios' },
  { do: 'exit', status: 0 },
  { do: 'label', name: 'efi' },
  { do: 'gotoIfSet', setting: 'serial', label: 'out' },
  { do: 'gotoIf', left: [{ setting: 'buildarch' }], is: '!=', right: 'arm64', label: 'out' },
  { do: 'clear', name: 'base' },
  { do: 'imgfetch', url: 'http://10.0.0.2/x', name: 'x' },
  { do: 'shell' },
  { do: 'label', name: 'out' },
  { do: 'exit', status: 1 },
];

describe('renderIpxe', () => {
  test.each([
    ['install', install],
    ['identify', identify],
    ['local', local],
  ])('writes the script %s', async (name, steps) => {
    await expect(script(steps)).toMatchFileSnapshot(`golden/${name}.ipxe`);
  });

  test('what was written runs as it was meant', () => {
    expect(runScript(script(install))).toEqual([
      'echo crashcart: installing r07-u28',
      'ifopen net0',
      'fetch kernel vmlinuz http://10.0.0.2:8080/k/abc/vmlinuz [initrd=initramfs.xz console=ttyS0,115200 talos.platform=metal talos.config=http://10.0.0.2/c?a=1&b=2]',
      'fetch initrd initramfs.xz http://10.0.0.2:8080/k/abc/initramfs.xz []',
      'boot vmlinuz [initrd=initramfs.xz console=ttyS0,115200 talos.platform=metal talos.config=http://10.0.0.2/c?a=1&b=2] with initramfs.xz',
      'echo crashcart: no kernel',
      'sleep 5',
      'reboot',
    ]);
  });

  test('the kernel is tried four times with longer waits, then given up', () => {
    let asked = 0;
    const seen = runScript(script(install), (action) => {
      if (action.kind !== 'fetch') return { kind: 'done' };
      asked += 1;
      return { kind: 'failed', reason: 'connection timed out' };
    });
    expect(asked).toBe(4);
    expect(seen.filter((line) => line.startsWith('sleep'))).toEqual(['sleep 1', 'sleep 2', 'sleep 4', 'sleep 5']);
    expect(seen.at(-1)).toBe('reboot');
  });

  test('the second attempt is enough', () => {
    let asked = 0;
    const seen = runScript(script(install), (action) => {
      asked += action.kind === 'fetch' ? 1 : 0;
      return asked === 1 && action.kind === 'fetch' ? { kind: 'failed', reason: 'reset' } : { kind: 'done' };
    });
    expect(seen.filter((line) => line.startsWith('fetch kernel'))).toHaveLength(2);
    expect(seen.some((line) => line.startsWith('boot vmlinuz'))).toBe(true);
  });

  test('identity reaches the URL in the formats that are safe there', () => {
    expect(runScript(script(identify))).toContain(
      'chain http://10.0.0.2/boot.ipxe?uuid=56d96de7-4f69-5b62-98b5-82a7fec58d7a&mac=52-54-00-1a-bd-03&serial=LAB%20189003 replace',
    );
  });

  test.each([
    [new Map([['platform', 'pcbios']]), ['sanboot 128', 'exit 0']],
    [
      new Map([
        ['platform', 'efi'],
        ['serial', 'x'],
      ]),
      ['exit 1'],
    ],
    [
      new Map([
        ['platform', 'efi'],
        ['buildarch', 'x86_64'],
      ]),
      ['exit 1'],
    ],
    [
      new Map([
        ['platform', 'efi'],
        ['buildarch', 'arm64'],
      ]),
      ['fetch imgfetch x http://10.0.0.2/x []', 'shell', 'exit 1'],
    ],
  ])('conditions see the machine: %s', (settings, expected) => {
    expect(runScript(script(local), undefined, settings)).toEqual(expected);
  });
});

const refused: readonly [string, IpxeStep, string][] = [
  ['a second line', { do: 'kernel', url: 'http://a/b', args: ['a\nreboot'] }, 'a kernel argument holds a line break'],
  ['a carriage return', { do: 'set', name: 'a', value: 'b\rreboot' }, 'the value holds a line break'],
  ['an expansion', { do: 'kernel', url: 'http://a/b', args: ['u=${uuid}'] }, 'a kernel argument holds ${'],
  ['a $ that could become one', { do: 'set', name: 'a', value: ['b$', '{uuid}'] }, 'the value ends with $'],
  ['||', { do: 'kernel', url: 'http://a/b', args: ['||', 'reboot'] }, 'a kernel argument holds the word ||'],
  [
    '|| between spaces',
    { do: 'kernel', url: 'http://a/b', args: ['a || reboot'] },
    'a kernel argument holds the word ||',
  ],
  ['|| from two parts', { do: 'set', name: 'a', value: ['b |', '| reboot'] }, 'the value holds the word ||'],
  ['&&', { do: 'set', name: 'a', value: '&&' }, 'the value holds the word &&'],
  [';', { do: 'set', name: 'a', value: 'b ; reboot' }, 'the value holds the word ;'],
  ['a comment', { do: 'kernel', url: 'http://a/b', args: ['#x'] }, 'a kernel argument holds a word that starts with #'],
  ['a back-slash at the end', { do: 'set', name: 'a', value: 'b\\' }, 'the value ends with a back-slash'],
  ['a space in a URL', { do: 'chain', url: 'http://a/b c' }, 'the URL of the chain holds a space'],
  ['a URL that is an option', { do: 'chain', url: '--replace' }, 'the URL of the chain starts with -'],
  ['an empty URL', { do: 'chain', url: '' }, 'the URL of the chain is empty'],
  ['a URL that is not ASCII', { do: 'chain', url: 'http://ä/' }, 'the URL of the chain holds characters'],
  ['a label with a space', { do: 'label', name: 'a b' }, 'the label is no plain name'],
  ['a device with a command', { do: 'dhcp', device: 'net0 || shell' }, 'the device is no plain name'],
  ['a label that is nowhere', { do: 'goto', label: 'nowhere' }, 'there is no label nowhere'],
  [
    'raw bytes in a URL',
    { do: 'chain', url: [{ setting: 'uuid', format: 'uristring' }] },
    'asks for ${uuid:uristring}',
  ],
  ['a status of 1000', { do: 'exit', status: 1000 }, 'the exit status is no number to 255'],
  ['half a second', { do: 'sleep', seconds: 0.5 }, 'the wait is no number of seconds'],
];

describe('a value that would be a command', () => {
  test.each(refused)('%s is refused', (_name, step, reason) => {
    const result = renderIpxe([step]);
    expect(result.ok ? result.value : result.error).toContain(reason);
    expect(result.ok).toBe(false);
  });

  test('a label may be there only once', () => {
    expect(
      renderIpxe([
        { do: 'label', name: 'a' },
        { do: 'label', name: 'a' },
      ]),
    ).toMatchObject({ ok: false });
  });

  test.each([
    ['a\nreboot', 'echo a reboot'],
    ['#|| reboot', 'echo , reboot'],
    ['${uuid} && reboot \\', 'echo $ {uuid} , reboot'],
    ['-n --x', 'echo n --x'],
  ])('in an echo %j is made harmless', (text, expected) => {
    expect(
      runScript(
        script([
          { do: 'echo', text },
          { do: 'exit', status: 7 },
        ]),
      ),
    ).toEqual([expected, 'exit 7']);
  });

  const hostile = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '||',
          '&&',
          ';',
          '#',
          '\\',
          '$',
          '{',
          '${',
          '}',
          '${uuid}',
          '\n',
          '\r',
          '\t',
          ' ',
          '-',
          '"',
          "'",
          'reboot',
          ':a',
        ),
        fc.string({ maxLength: 6 }),
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.join(''));

  test('nothing that can be written ever runs as anything else', () => {
    const run = (value: string) => {
      const steps: readonly IpxeStep[] = [
        { do: 'comment', text: value },
        { do: 'echo', text: value },
        { do: 'kernel', url: 'http://a/k', args: [value, 'last'] },
        { do: 'exit', status: 7 },
      ];
      const result = renderIpxe(steps);
      if (!result.ok) return renderIpxe([steps[0] ?? { do: 'shell' }, steps[1] ?? { do: 'shell' }]).ok;
      const seen = runScript(result.value);
      expect(seen.slice(1)).toEqual([`fetch kernel k http://a/k [${value} last]`, 'exit 7']);
      expect(seen[0]).toMatch(/^echo/);
      return true;
    };
    fc.assert(fc.property(hostile, run), { seed: 7, numRuns: 20_000 });
  });
});
