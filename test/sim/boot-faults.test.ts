import { EventEmitter, once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { createSimBmc, type SimBmc } from '../../src/sim/bmc/sim-bmc.ts';
import { createSimMachine, type SimMachine } from '../../src/sim/machine/sim-machine.ts';
import { createRandom } from '../../src/sim/run/random.ts';
import { createSimClock } from '../../src/sim/run/sim-clock.ts';
import { type Bench, type BenchOptions, createBench, specOf } from './machine-kit.ts';

let bench: Bench | undefined;
let bmc: SimBmc | undefined;
afterEach(async () => {
  await bench?.close();
  await bmc?.close();
  bench = undefined;
  bmc = undefined;
});

async function start(options: Partial<BenchOptions> = {}): Promise<Bench> {
  bench = await createBench({ firmware: ['uefi'], ...options });
  for (const machine of bench.machines) machine.powerOn();
  return bench;
}

const machine = (): SimMachine | undefined => bench?.machines[0];

describe('faults between power on and the kernel, as a server sees them', () => {
  test('duplicateUuid: option 97 and the script name the other machine', async () => {
    const uuid = '4c4c4544-0043-3510-8052-b4c04f0000aa';
    const { site, until } = await start({ faults: { duplicateUuid: uuid } });
    await until(() => site.seen.http.some((one) => one.url.startsWith('/s?')));
    expect(site.seen.dhcp.every((one) => one.options.machineId?.uuid === uuid)).toBe(true);
    expect(site.seen.http.find((one) => one.url.startsWith('/s?'))?.url).toContain(`uuid=${uuid}`);
  });

  test('offerIgnored: the plain offer is passed over, one with class and option 43 is taken', async () => {
    let isSecond = false;
    const { site, until } = await start({
      faults: { offerIgnored: true },
      rules: (rules) => {
        rules.offer = (options) =>
          isSecond && options.ipxe === undefined
            ? { ...options, vendorClass: 'PXEClient', vendorInfo: [{ code: 6, data: Uint8Array.of(8) }] }
            : options;
      },
    });
    await until(() => site.seen.dhcp.length >= 3);
    expect(site.seen.dhcp.some((one) => one.options.messageType === 'request')).toBe(false);
    isSecond = true;
    await until(() => machine()?.state.step === 'ready');
  });

  test('tftpStalls: the loader stops in the middle for good, and comes whole at the next boot', async () => {
    const { site, until } = await start({ faults: { tftpStalls: 1 } });
    await until(() => site.seen.tftp.filter((line) => line.includes('ipxe.efi')).length >= 3);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(site.seen.tftp.some((line) => line.endsWith('sent'))).toBe(false);
    expect(machine()?.state.step).toBe('loader');
    machine()?.powerOff();
    machine()?.powerOn();
    await until(() => site.seen.tftp.some((line) => line.endsWith('ipxe.efi sent')));
  });

  test('tftpLoss: every tenth packet is lost, and the loader comes whole nevertheless', async () => {
    const { site, until } = await start({
      firmware: ['bios-plain'],
      faults: { tftpLoss: 0.1 },
      rules: (rules) => {
        const file = rules.files['undionly.kpxe'];
        rules.files['undionly.kpxe'] = file?.subarray(0, 20_000) ?? Buffer.alloc(0);
      },
    });
    await until(
      () => machine()?.console.some((line) => line.includes('starting undionly.kpxe, 20000 bytes')) === true,
      15_000,
    );
    expect(site.seen.tftp.some((line) => line.includes('undionly.kpxe'))).toBe(true);
  });

  test('ipxeHangs: the loader is sent whole and nothing is asked after it', async () => {
    const { site, until } = await start({ faults: { ipxeHangs: 1 } });
    await until(() => machine()?.state.step === 'stopped');
    // The server hears of the last block a moment after the machine has it.
    await until(() => site.seen.tftp.at(-1) === '127.77.9.1 ipxe.efi sent');
    machine()?.powerOff();
    machine()?.pressPower();
    await until(() => site.seen.http.length > 0);
  });

  test('downloadStalls: the initramfs stops in the middle for good, and comes whole at the next boot', async () => {
    const { site, until } = await start({ faults: { downloadStalls: 1 } });
    const fetched = () => site.seen.http.filter((one) => one.url === '/i' && one.method === 'GET').length;
    await until(() => fetched() === 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(machine()?.state.step).toBe('ipxe');
    // The rest was never on its way: no buffer between them makes the server believe that all of it was taken.
    expect(site.seen.sentBytes.get('/i')).toBe(180_000);
    machine()?.pressPower();
    machine()?.pressPower();
    await until(() => machine()?.state.step === 'ready');
    expect(fetched()).toBe(2);
  });

  test('slowDownload: the same images take fifty times as long', async () => {
    const { site, until } = await start({
      faults: { slowDownload: true },
      change: (spec) => ({ ...spec, bytesPerSecond: 10e6 }),
      speed: 10,
    });
    const askedAt = (url: string) => site.seen.http.find((one) => one.url === url)?.atMs ?? Number.NaN;
    await until(() => askedAt('/i') > 0);
    // 300 kB at 0.2 MB/s of a tenfold clock: 150 ms, most of which must have passed; without the fault it is 3 ms.
    expect(askedAt('/i') - askedAt('/k')).toBeGreaterThan(100);
  });

  test('rivalDhcp: its boot file is taken, our server hears all of it, and its TFTP answers nobody', async () => {
    const rival = { address: '127.77.9.66', firstAddress: '127.77.9.100', bootFile: 'pxelinux.0' };
    const { site, until, net } = await start({ switchFaults: { rival } });
    await until(() => site.seen.replies.length >= 2);
    expect(site.seen.replies[0]).toMatchObject({ file: 'pxelinux.0', options: { serverId: 0x7f4d0942 } });
    const chosen = site.seen.dhcp.find((one) => one.options.messageType === 'request');
    expect(chosen?.options.serverId).toBe(0x7f4d0942);
    await until(() => machine()?.console.some((line) => line.includes('boot file pxelinux.0')) === true);
    net.setFaults({});
    await until(() => machine()?.state.step === 'ready', 15_000);
  });
});

describe('the simulated switch', () => {
  test('says the port in option 82, and that replies go back to the port it sent from', async () => {
    const { site, until } = await start();
    await until(() => site.seen.dhcp.length > 0);
    const raw = Buffer.from(site.seen.dhcp[0]?.options.relayInfo?.raw ?? []);
    expect(raw.toString('latin1')).toBe('\x01\x05r01/1\x13\x00');
    expect(site.seen.dhcp[0]).toMatchObject({ hops: 1, giaddr: 0x7f4d09fe });
  });

  test('loses what it is told to lose; machines try again until they are through', async () => {
    const { site, until, net } = await start({ switchFaults: { dropShare: 1, delayMs: 200 } });
    // A share alone may by chance lose nothing of the dozen packets that one boot needs.
    await until(() => net.counts.dropped >= 2);
    expect(site.seen.dhcp).toEqual([]);
    net.setFaults({ dropShare: 0.15, delayMs: 200 });
    await until(() => machine()?.state.step === 'ready', 20_000);
  });

  test('carries each reply to its own machine', async () => {
    const { until, machines } = await start({
      firmware: ['uefi', 'bios-plain', 'arm64'],
      change: (spec) => ({ ...spec, disks: specOf('uefi', 1).disks }),
    });
    await until(() => machines.every((one) => one.state.step === 'ready'), 15_000);
    expect(machines.map((one) => one.state.address)).toEqual(['127.77.9.1', '127.77.9.2', '127.77.9.3']);
  });
});

describe('power', () => {
  const withBmc = async (faults: Parameters<SimBmc['setFaults']>[0], other: boolean) => {
    const spec = specOf('uefi');
    const content = { is: 'otherSystem' as const, hostName: 'old' };
    bench = await createBench({
      firmware: ['uefi'],
      change: (one) => ({
        ...one,
        disks: one.disks.map((disk, i) => (i === 0 && other ? { ...disk, content } : disk)),
      }),
      machine: { takeBoot: () => bmc?.takeBoot() ?? { target: 'disk' } },
    });
    const [first] = bench.machines;
    if (first === undefined) throw new Error('no machine');
    bmc = await createSimBmc({
      personality: 'openbmc',
      faults,
      timeScale: 1 / 200,
      identity: { uuid: spec.uuid },
      machine: { powerOn: first.powerOn, powerOff: first.powerOff },
    });
    return { first, bmc, bench };
  };
  const ask = async (path: string, method: string, body: unknown) => {
    const { username, password } = bmc?.credentials ?? { username: '', password: '' };
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const answer = await fetch(`${bmc?.url}${path}`, { method, headers, body: JSON.stringify(body) });
    expect(answer.status).toBeLessThan(300);
  };
  const orderNetworkBoot = async () => {
    const Boot = { BootSourceOverrideEnabled: 'Once', BootSourceOverrideTarget: 'Pxe' };
    await ask('/redfish/v1/Systems/system', 'PATCH', { Boot });
    await ask('/redfish/v1/Systems/system/Actions/ComputerSystem.Reset', 'POST', { ResetType: 'On' });
  };

  test('a one-shot override boots the network once, and the disk after that', async () => {
    const { first, bench: here } = await withBmc({}, true);
    await orderNetworkBoot();
    await here.until(() => first.state.step === 'ready', 15_000);
    expect(first.state.networkBoots).toBe(1);
    first.powerOff();
    first.powerOn();
    await here.until(() => first.state.step === 'ready', 15_000);
    expect(first.state.networkBoots).toBe(1);
  });

  test('a BMC that lies boots the system on the disk, which asks for its address by its old name', async () => {
    const { first, bench: here } = await withBmc({ lyingOverride: 'always' }, true);
    await orderNetworkBoot();
    await here.until(() => first.state.step === 'otherSystem', 15_000);
    expect(here.site.seen.dhcp.map((one) => [one.options.hostName, one.options.arch])).toEqual(
      here.site.seen.dhcp.map(() => ['old', undefined]),
    );
  });

  test('a person at the rack can do without a BMC: F12 is the network once', async () => {
    bench = await createBench({
      firmware: ['uefi'],
      change: (spec) => ({
        ...spec,
        disks: spec.disks.map((disk) => ({ ...disk, content: { is: 'otherSystem', hostName: 'old' } })),
      }),
    });
    machine()?.pressPower();
    await bench.until(() => machine()?.state.step === 'otherSystem');
    expect(machine()?.state.networkBoots).toBe(0);
    machine()?.pressPower('network');
    await bench.until(() => machine()?.state.step === 'ready', 15_000);
  });

  test('power that goes in the middle takes every timer and every socket with it', async () => {
    const clock = createSimClock(200);
    bench = await createBench({ firmware: ['uefi'] });
    const { net, site } = bench;
    // At this speed a step can be over between two looks at it.
    const steps = new EventEmitter();
    const lone = createSimMachine({
      spec: specOf('uefi', 9),
      clock,
      random: createRandom(1),
      net: () => net,
      ports: () => ({ tftp: site.tftpPort }),
      onStep: (step) => steps.emit(step),
      api: false,
    });
    for (const step of ['dhcp', 'loader', 'ipxe', 'talos', 'installing'] as const) {
      const reached = once(steps, step);
      lone.powerOn();
      await reached;
      lone.powerOff();
      // Patience of a download that was cut off, and a slot that is just due, are all that may be left for a moment.
      await bench.until(() => clock.waiting() === 0, 15_000);
    }
    const heard = site.seen.dhcp.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(site.seen.dhcp.length).toBe(heard);
    clock.stop();
  });
});

describe('the story', () => {
  const tell = async (seed: number): Promise<string> => {
    const { until, machines } = await start({
      firmware: ['uefi', 'bios-plain'],
      seed,
      change: (spec) => ({ ...spec, disks: specOf('uefi', 1).disks }),
    });
    await until(() => machines.every((one) => one.state.step === 'ready'), 15_000);
    const text = machines.map((one) => one.console.join('\n')).join('\n');
    await bench?.close();
    return text.replaceAll(/127\.0\.0\.1:\d+/g, 'SERVER');
  };

  test('is the same for the same seed', async () => {
    expect(await tell(5)).toBe(await tell(5));
  });
});
