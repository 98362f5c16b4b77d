import { afterEach, describe, expect, test, vi } from 'vitest';
import { nodeOf } from '../../src/core/fleet.ts';
import { createIpxeMachine } from '../../src/protocols/ipxe/ipxe-machine.ts';
import { parseIpxe } from '../../src/protocols/ipxe/parse-ipxe.ts';
import { stepIpxe } from '../../src/protocols/ipxe/step-ipxe.ts';
import { arm, CONFIG, nodeSpec, planOf, sha256, uuidOf } from '../netboot/boot-fixture.ts';
import { type BootStack, startBootStack } from './boot-stack.ts';
import { dora, httpGet, openRelay, tftpGet } from './sim-machine.ts';

const MAC = '52:54:00:1a:bd:03';
let stack: BootStack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

const settingsOf = (mac: string, node: string): ReadonlyMap<string, string> =>
  new Map([
    ['mac', mac],
    ['net0/mac', mac],
    ['uuid', uuidOf(mac)],
    ['serial', `SN-${node}`],
    ['product', 'Lab 1'],
    ['buildarch', 'x86_64'],
    ['platform', 'efi'],
  ]);

/** Follows scripts as iPXE does until it boots or leaves; everything it fetched, by the end of its path. */
async function runIpxe(url: string, from: string, mac: string, node: string) {
  const fetched: string[] = [];
  let text = (await httpGet(url, from)).body.toString();
  for (let scripts = 0; scripts < 5; scripts += 1) {
    const program = parseIpxe(text);
    if (!program.ok) throw new Error(program.error);
    let [machine, action] = stepIpxe(createIpxeMachine(program.value, settingsOf(mac, node)), { kind: 'start' });
    let next: string | undefined;
    while (next === undefined) {
      if (action.kind === 'exit') return { fetched, end: `exit ${action.status}`, args: '' };
      if (action.kind === 'boot') return { fetched, end: 'boot', args: action.kernel.args };
      if (action.kind === 'chain' || action.kind === 'fetch') {
        const target = action.kind === 'chain' ? action.url : action.image.url;
        const got = await httpGet(target, from);
        fetched.push(`${target.replace(/\?.*/, '').split('/').at(-1)} ${got.status} ${got.body.length}`);
        if (action.kind === 'chain' && action.replace && got.status === 200) {
          next = got.body.toString();
          continue;
        }
        [machine, action] = stepIpxe(
          machine,
          got.status === 200 ? { kind: 'done' } : { kind: 'failed', reason: 'HTTP' },
        );
      } else [machine, action] = stepIpxe(machine, { kind: 'done' });
    }
    text = next;
  }
  throw new Error('scripts without end');
}

describe('a boot over loopback, behind a relay that names its port', () => {
  test('goes from the first DISCOVER to the configuration, and every step is told', async () => {
    stack = await startBootStack({
      nodes: [nodeSpec('n1', MAC, { network: { ip: '127.77.0.50', dns: [], ntp: [] } })],
    });
    const { engine, ports } = stack;
    stack.render(arm(engine, 'n1', 'install', planOf('install', stack.images)));
    const relay = await openRelay(ports.dhcp);
    const firmware = await dora(relay, 'uefi', MAC);
    expect(firmware.address).toBe('127.77.0.50');
    expect(firmware.offer.file).toBe('ipxe.efi');
    const sizes = await tftpGet(ports.tftp, 'ipxe.efi', firmware.address, {
      tsize: '0',
      blksize: '1468',
      windowsize: '4',
    });
    expect(sizes.toString()).toContain('"value":"300001"');
    expect(sha256(await tftpGet(ports.tftp, 'ipxe.efi', firmware.address))).toBe(sha256(stack.loader));

    const ipxe = await dora(relay, 'ipxeUefi', MAC);
    expect(ipxe.ack.options.bootFile).toBe(`http://127.0.0.1:${ports.http}/boot.ipxe`);
    const run = await runIpxe(ipxe.ack.options.bootFile ?? '', ipxe.address, MAC, 'n1');
    expect(run.fetched.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      's 200',
      'kernel 200',
      'initrd 200',
      'handoff 200',
    ]);
    expect(run.end).toBe('boot');
    expect(run.args).toMatch(/talos\.halt_if_installed=1 initrd=initramfs\.img$/);
    const config = /talos\.config=(\S+)/.exec(run.args)?.[1] ?? '';
    await dora(relay, 'os', MAC);
    const got = await httpGet(config, firmware.address);
    expect(got.body.toString()).toBe(CONFIG);
    relay.close();
    expect(stack.dhcp.traffic?.().bytes).toBeGreaterThan(6 * 240);
    await vi.waitFor(() => expect(engine.events.at(-1)?.type).toBe('http.configServed'));

    const node = nodeOf(engine.fleet(), 'n1');
    expect([...new Set(node?.attempt?.way.map((step) => step.phase))]).toEqual([
      'firmware',
      'requesting',
      'loader',
      'ipxe',
      'script',
      'kernel',
      'initrd',
      'handoff',
      'up',
      'config',
    ]);
    expect([...new Set(engine.events.map((event) => event.type))]).toEqual(
      [
        'inventory.loaded',
        'operator.armed',
        'job.stored',
        'dhcp.firmwareAsked',
        'dhcp.firmwareTook',
        'loader.requested',
        'loader.aborted',
        'loader.progressed',
        'loader.sent',
        'dhcp.ipxeAsked',
        'http.bootstrapAsked',
        'http.scriptAsked',
        'image.requested',
        'image.sent',
        'http.handedOff',
        'dhcp.osAsked',
        'http.configServed',
      ].filter((type) => type !== 'loader.progressed' || engine.events.some((event) => event.type === type)),
    );
    const served = engine.events.find((event) => event.type === 'http.configServed');
    expect(served).toMatchObject({ node: 'n1', job: 'job-n1', configHash: sha256(CONFIG) });
    expect(JSON.stringify(engine.events)).not.toContain(config.split('/')[4]);
    expect(JSON.stringify(stack.logs)).not.toContain(config.split('/')[4]);
  });
});
