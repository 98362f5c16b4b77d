import { afterEach, describe, expect, test } from 'vitest';
import type { TalosEventBody } from '../../src/talos/talos-event.ts';
import { type Bench, type BenchOptions, createBench, installScript } from './machine-kit.ts';
import type { SmallSite } from './small-site.ts';

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

async function start(options: Partial<BenchOptions> = {}): Promise<Bench> {
  bench = await createBench({ firmware: ['bios-ipxe-rom'], ...options });
  bench.machines[0]?.powerOn();
  return bench;
}

function show(body: TalosEventBody): string {
  switch (body.type) {
    case 'sequence':
      return `sequence ${body.sequence} ${body.action}${body.error === undefined ? '' : ` ${body.error.code}: ${body.error.message}`}`;
    case 'phase':
      return `  phase ${body.phase} ${body.action}`;
    case 'task':
      return `    task ${body.task} ${body.action}`;
    case 'service':
      return `    service ${body.service} ${body.action}`;
    case 'machineStatus':
      return `status ${body.stage}${body.ready ? ' ready' : ''}${body.unmet.map((one) => ` -${one.name}`).join('')}`;
    case 'restart':
      return `restart 0x${body.cmd.toString(16)}`;
    case 'address':
      return `address ${body.hostName} ${body.addresses.join(' ')}`;
    case 'configLoadError':
      return `config error ${body.message}`;
    default:
      return body.type;
  }
}

const bodies = () => bench?.site.seen.events.map((one) => one.body) ?? [];
const machine = () => bench?.machines[0];
const has = (text: string) => () => bodies().some((body) => show(body).includes(text));
const says = (text: string) => () => bench?.site.seen.log.some((one) => one.text.includes(text)) === true;

describe('what Talos tells from its first boot to ready', () => {
  test.each(['1.13', '1.14'] as const)('in the shape of %s', async (shape) => {
    await start({ shape });
    await bench?.until(() => has('status running ready')() && says('machine is running and ready')());
    const text = bodies().map(show).join('\n');
    await expect(`${text}\n`).toMatchFileSnapshot(`golden/events-${shape}.txt`);
    const log = bench?.site.seen.log.map((one) => one.text).join('\n') ?? '';
    await expect(`${log.replaceAll(/127\.0\.0\.1:\d+/g, 'SERVER')}\n`).toMatchFileSnapshot(`golden/log-${shape}.txt`);
    expect(machine()?.disks.map((disk) => disk.content.is)).toEqual(['talos', 'blank']);
    expect(machine()?.state).toMatchObject({ boots: 1, networkBoots: 1, address: '127.77.9.1' });
  });

  test('ids are one after the other within a boot, and another series after it', async () => {
    await start();
    await bench?.until(has('status running ready'));
    const ids = bench?.site.seen.events.map((one) => one.id) ?? [];
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(ids.map((id) => id.slice(8, 14))).size).toBe(2);
  });
});

describe('the way back after an installation', () => {
  test('goes through firmware where kexec is switched off, and boots the disk', async () => {
    await start({ script: (site) => installScript(site, 'sysctl.kernel.kexec_load_disabled=1') });
    await bench?.until(() => machine()?.state.step === 'ready');
    await bench?.until(has('restart 0x1234567'));
    expect(machine()?.state).toMatchObject({ boots: 2, networkBoots: 1 });
  });

  test('asks the network again where that comes first, and takes exit for an answer', async () => {
    let asked = 0;
    await start({
      script: (site) => {
        asked += 1;
        return asked === 1 ? installScript(site, 'sysctl.kernel.kexec_load_disabled=1') : 'exit 0';
      },
      change: (spec) => ({ ...spec, bootOrder: 'networkFirst' }),
    });
    await bench?.until(() => machine()?.state.step === 'ready');
    expect(asked).toBe(2);
  });

  test('is silent for a machine that dies of it', async () => {
    await start({ faults: { deadAfterInstall: true } });
    await bench?.until(() => machine()?.state.stopped === 'a black screen');
    await bench?.until(has('restart 0x45584543'));
    expect(has('status running')()).toBe(false);
  });

  test('a power cycle later the disk is booted again, without a word to the boot servers', async () => {
    await start();
    await bench?.until(() => machine()?.state.step === 'ready');
    const before = bench?.site.seen.http.length;
    machine()?.powerOff();
    expect(machine()?.state).toMatchObject({ power: 'off', step: 'off' });
    machine()?.pressPower();
    await bench?.until(() => machine()?.state.step === 'ready');
    expect(bench?.site.seen.http.length).toBe(before);
  });
});

const wipeScript = (site: SmallSite) =>
  installScript(site, 'talos.experimental.wipe=system').replace(/talos\.config=\S+/, '');
const installed = (spec: Parameters<NonNullable<BenchOptions['change']>>[0]) => ({
  ...spec,
  bootOrder: 'networkFirst' as const,
  disks: spec.disks.map((disk, i) =>
    i === 0 ? { ...disk, content: { is: 'talos' as const, version: 'v1.12.4', mode: 'bios' as const } } : disk,
  ),
});

describe('Talos that finds more or less than it needs', () => {
  test('halts where an installation is on a disk, and touches nothing', async () => {
    await start({ change: installed });
    await bench?.until(says('already installed to disk'));
    await bench?.until(has('phase haltIfInstalled start'));
    expect(machine()?.disks[0]?.content).toMatchObject({ version: 'v1.12.4' });
    expect(bench?.site.seen.http.some((one) => one.url.endsWith('config.yaml'))).toBe(false);
  });

  test('wipes when it is told to, goes through firmware, and would do it again', async () => {
    await start({ change: installed, script: wipeScript });
    await bench?.until(() => (machine()?.state.networkBoots ?? 0) >= 2);
    await bench?.until(() => has('task wipeSystemDisk stop')() && has('restart 0x1234567')());
    expect(machine()?.disks[0]?.content.is).toBe('blank');
  });

  test('waits in maintenance without a configuration', async () => {
    await start({ script: (site) => installScript(site).replace(/talos\.config=\S+/, '') });
    await bench?.until(has('status maintenance'));
    await bench?.until(has('task runningMaintenance start'));
    await bench?.until(says('this machine is reachable at'));
  });

  test('reboots for ever without the arguments that it enforces', async () => {
    await start({ script: (site) => installScript(site).replace(' pti=on', '') });
    await bench?.until(() => (machine()?.state.boots ?? 0) >= 2);
    await bench?.until(has('required KSPP parameter is missing: pti'));
  });

  test('asks for its configuration until it gets one', async () => {
    const answers = [404, 503, 500];
    await start({
      rules: (rules) => {
        const usual = rules.http;
        rules.http = (url, request) => {
          const status = url.endsWith('config.yaml') ? answers.shift() : undefined;
          return status === undefined ? usual(url, request) : { status, body: 'hold on' };
        };
      },
    });
    await bench?.until(() => machine()?.state.step === 'ready', 12_000);
    await bench?.until(says('status code 503, body "hold on"'));
  });

  test.each([
    ['an empty answer', { status: 204, body: '' }, 'config not found'],
    ['no YAML', { status: 200, body: 'a: [b' }, 'error loading machine configuration'],
    ['an unknown machine type', { status: 200, body: 'version: v1alpha1\nmachine: { type: king }\n' }, 'king'],
    ['broken gzip', { status: 200, body: Buffer.from([0x1f, 0x8b, 8, 0, 1]) }, 'gzip: invalid data'],
  ])('reports %s, and asks again', async (_, answer, message) => {
    await start({
      rules: (rules) => {
        const usual = rules.http;
        rules.http = (url, request) => (url.endsWith('config.yaml') ? answer : usual(url, request));
      },
    });
    await bench?.until(() => bodies().filter((body) => show(body).includes(message)).length >= 2);
  });

  test('takes partial documents, and goes on into maintenance', async () => {
    await start({
      rules: (rules) => {
        const usual = rules.http;
        const body = 'apiVersion: v1alpha1\nkind: HostnameConfig\nhostname: waiting\n';
        rules.http = (url, request) => (url.endsWith('config.yaml') ? { status: 200, body } : usual(url, request));
      },
    });
    await bench?.until(has('status maintenance'));
  });
});

describe('faults, as a server sees them', () => {
  test.each([
    ['wrongDisk finds no disk and says which it wanted', { wrongDisk: true }, '1.13', 'no disk found matching'],
    [
      'wrongDisk in 1.14 tries again and again',
      { wrongDisk: true },
      '1.14',
      'unattended install failed: no disk matched',
    ],
    ['installFails ends the sequence', { installFails: true }, '1.13', 'input/output error'],
    ['kernelPanic is the last that is heard', { kernelPanic: true }, '1.13', 'Kernel panic - not syncing'],
  ] as const)('%s', async (_, faults, shape, text) => {
    await start({
      shape,
      faults,
      change: (spec) => ({
        ...spec,
        disks: spec.disks.map((disk) => ({
          ...disk,
          info: 'wrongDisk' in faults ? { ...disk.info, serial: `X${disk.info.serial}` } : disk.info,
        })),
      }),
    });
    await bench?.until(says(text));
    expect(machine()?.disks[0]?.content.is).toBe('blank');
  });

  test('bootLoop asks the network again and again, and never comes up', async () => {
    await start({ faults: { bootLoop: true } });
    await bench?.until(() => (machine()?.state.networkBoots ?? 0) >= 3);
    expect(bodies()).toEqual([]);
  });

  test('noEventSink installs in silence, with only the kernel log to tell', async () => {
    await start({ faults: { noEventSink: true } });
    await bench?.until(says('machine is running and ready'));
    expect(bodies()).toEqual([]);
  });

  test('configRejected fetches and refuses, again and again', async () => {
    await start({ faults: { configRejected: true } });
    await bench?.until(() => bodies().filter((body) => show(body).startsWith('config error')).length >= 2);
  });

  test('neverReady runs with something unmet', async () => {
    await start({ faults: { neverReady: true } });
    await bench?.until(() => bodies().filter((body) => show(body).startsWith('status running')).length === 2);
    expect(show(bodies().at(-1) ?? { type: 'other', typeUrl: '' })).toBe('status running -nodeReady');
  });
});
