import { afterEach, describe, expect, test } from 'vitest';
import { renderDhcp } from '../../src/protocols/dhcp/render-dhcp.ts';
import type { FirmwareName } from '../../src/sim/firmware/firmware-kinds.ts';
import { type Bench, createBench } from './machine-kit.ts';

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const kinds: readonly FirmwareName[] = ['bios-plain', 'bios-ipxe-rom', 'uefi', 'uefi-http', 'arm64', 'arm64-http'];

/** Ports and numbers drawn by chance go; what a packet capture would be compared by stays. */
const plain = (text: string): string =>
  text
    .replaceAll(/127\.0\.0\.1:\d+/g, 'SERVER')
    .replaceAll(/xid(?:[ =])\S+/g, 'xid XID')
    .replaceAll(/ secs \d+/g, '');

describe('what each firmware puts on the wire, from power on to the kernel', () => {
  test.each(kinds)('%s', async (firmware) => {
    bench = await createBench({ firmware: [firmware] });
    bench.machines[0]?.powerOn();
    const { seen } = bench.site;
    await bench.until(() => seen.http.some((one) => one.url === '/i'));
    // On a busy computer scaled patience may end early: what was only said again is left out.
    const once = seen.dhcp.filter((message, i) => {
      const before = seen.dhcp[i - 1];
      return before?.xid !== message.xid || before.options.messageType !== message.options.messageType;
    });
    const dhcp = once.flatMap((message) => ['', ...renderDhcp(message)]);
    const http = seen.http.map(({ method, url, from, agent }) => `${from} ${method} ${url} (${agent})`);
    const text = ['DHCP', ...dhcp, '', 'TFTP', ...seen.tftp, '', 'HTTP', ...http].join('\n');
    await expect(`${plain(text)}\n`).toMatchFileSnapshot(`golden/wire-${firmware}.txt`);
  });
});

describe('firmware that nobody answers', () => {
  test('shouts at 0, 4, 12 and 28 seconds, gives up, and begins again', async () => {
    bench = await createBench({ firmware: ['uefi'], speed: 100, rules: (rules) => (rules.bootFile = () => undefined) });
    bench.machines[0]?.powerOn();
    const { seen } = bench.site;
    await bench.until(() => seen.dhcp.length >= 5);
    expect(seen.dhcp.slice(0, 4).map((one) => one.options.messageType)).toEqual(Array(4).fill('discover'));
    // `secs` is cut to whole seconds. It never asks too early; how late it may be is for a computer that is busy with more.
    for (const [i, at] of [0, 4, 12, 28].entries()) {
      const { secs = -1 } = seen.dhcp[i] ?? {};
      expect(secs).toBeGreaterThanOrEqual(at - 1);
      expect(secs).toBeLessThanOrEqual(at + 200);
    }
    expect(seen.dhcp[4]?.xid).not.toBe(seen.dhcp[0]?.xid);
  });

  test('HTTP boot passes over offers without its class', async () => {
    bench = await createBench({
      firmware: ['uefi-http'],
      rules: (rules) => {
        rules.offer = ({ vendorClass: _, ...options }) => options;
      },
    });
    bench.machines[0]?.powerOn();
    const { seen } = bench.site;
    await bench.until(() => seen.dhcp.length >= 4);
    expect(seen.dhcp.every((one) => one.options.messageType === 'discover')).toBe(true);
    expect(seen.http).toEqual([]);
  });

  test('a loader for other firmware does not run', async () => {
    bench = await createBench({ firmware: ['uefi'], rules: (rules) => (rules.bootFile = () => 'undionly.kpxe') });
    bench.machines[0]?.powerOn();
    await bench.until(() => bench?.story.some((line) => line.includes('does not run here')) === true);
    expect(bench.site.seen.http).toEqual([]);
  });

  test('iPXE that is handed its own loader again and again stops asking', async () => {
    bench = await createBench({ firmware: ['bios-plain'], rules: (rules) => (rules.bootFile = () => 'undionly.kpxe') });
    bench.machines[0]?.powerOn();
    await bench.until(() => bench?.story.some((line) => line.includes('its own loader again and again')) === true);
  });
});

describe('how a script ends', () => {
  test.each([
    ['exit 0 on BIOS goes on to the disk', 'bios-plain', 'exit 0', 'network: iPXE left with 0'],
    ['exit 0 on UEFI ends in the menu of the firmware', 'uefi', 'exit 0', 'the firmware shows its menu'],
    ['exit 1 on UEFI goes on with the next boot entry', 'uefi', 'exit 1', 'network: iPXE left with 1'],
    ['sanboot without a system on the disk fails', 'bios-plain', 'sanboot --drive 0x80 || exit 3', 'iPXE left with 3'],
    ['a command that does not exist ends the script', 'uefi', 'kernal http://x/', 'unknown command "kernal"'],
    ['shell stays there', 'uefi', 'shell', 'iPXE> '],
    ['reboot goes through POST', 'uefi', 'echo once\nreboot', 'iPXE: once'],
  ] as const)('%s', async (_, firmware, script, note) => {
    bench = await createBench({ firmware: [firmware], script: () => script });
    bench.machines[0]?.powerOn();
    await bench.until(() => bench?.story.some((line) => line.includes(note)) === true);
    if (script.endsWith('reboot')) await bench.until(() => (bench?.machines[0]?.state.boots ?? 0) > 1);
  });

  test('a file that is missing at first is fetched by the retries of the script', async () => {
    let left = 2;
    bench = await createBench({
      firmware: ['bios-ipxe-rom'],
      script: (site) =>
        [
          `:again`,
          `kernel ${site.base}/late talos.platform=metal && goto done ||`,
          'sleep 2',
          'goto again',
          ':done',
          'boot',
        ].join('\n'),
      rules: (rules) => {
        const usual = rules.http;
        rules.http = (url, request) => {
          if (url !== '/late') return usual(url, request);
          left -= 1;
          return left < 0 ? { status: 200, body: 'kernel' } : undefined;
        };
      },
    });
    bench.machines[0]?.powerOn();
    await bench.until(() => bench?.machines[0]?.state.step === 'talos');
    expect(bench.site.seen.http.filter((one) => one.url === '/late')).toHaveLength(3);
  });

  test('a script that points off this computer reaches nobody', async () => {
    bench = await createBench({ firmware: ['uefi'], script: () => 'kernel http://10.1.2.3/vmlinuz || exit 1' });
    bench.machines[0]?.powerOn();
    await bench.until(() => bench?.story.some((line) => line.includes('10.1.2.3 is not on this computer')) === true);
  });
});
