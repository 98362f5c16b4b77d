import { readFileSync } from 'node:fs';
import type { FirmwareName } from '../../src/sim/firmware/firmware-kinds.ts';
import { renderLoaderMark } from '../../src/sim/firmware/loader-mark.ts';
import type { MachineFaults } from '../../src/sim/machine/machine-faults.ts';
import type { SimMachineSpec } from '../../src/sim/machine/sim-host.ts';
import { createSimMachine, type SimMachine, type SimMachineOptions } from '../../src/sim/machine/sim-machine.ts';
import { createRandom } from '../../src/sim/run/random.ts';
import { createSimClock } from '../../src/sim/run/sim-clock.ts';
import { createSimSwitch, type SimSwitch, type SwitchFaults } from '../../src/sim/switch/sim-switch.ts';
import { createSmallSite, type SiteRules, type SmallSite } from './small-site.ts';

export const loader = (name: string, mode: 'bios' | 'uefi', cpu: 'amd64' | 'arm64', sizeBytes = 60_000): Buffer =>
  Buffer.concat([Buffer.from(renderLoaderMark({ name, mode, cpu })), Buffer.alloc(sizeBytes, 7)]);

export function specOf(firmware: FirmwareName, index = 1): SimMachineSpec {
  const disk = (name: string, serial: string, sizeBytes: number) => ({
    info: { name, serial, sizeBytes, model: 'SIM NVMe', type: 'nvme' as const, wwid: `eui.${serial}` },
    content: { is: 'blank' as const },
  });
  return {
    name: `m${index}`,
    macs: [`52:54:00:77:00:${index.toString(16).padStart(2, '0')}`],
    uuid: `4c4c4544-0043-3510-8052-b4c04f0000${index.toString(16).padStart(2, '0')}`,
    serial: `SER${index}`,
    boardSerial: `BRD${index}`,
    asset: `A ${index}`,
    manufacturer: 'Sim & Sons',
    product: 'S1',
    firmware,
    disks: [disk('nvme0n1', `S6CKNE0${index}`, 480e9), disk('nvme1n1', `DATA${index}`, 4e12)],
    circuit: `r01/${index}`,
    postMs: 20_000,
    bootOrder: 'diskFirst',
    bytesPerSecond: 100e6,
  };
}

const configOf = (shape: '1.13' | '1.14', site: SmallSite): string => {
  const text = readFileSync(new URL(`../talos/golden/config-${shape}.yaml`, import.meta.url), 'utf8');
  return text
    .replace('10.77.0.1:4001', site.sink)
    .replace('tcp://10.77.0.1:4002/', site.kernelLog)
    .replaceAll('S6CKNE0T', 'S6CKNE01')
    .replace(/kernel\.kexec_load_disabled: "1"/, 'vm.overcommit_memory: "1"');
};

export const installArgs = (site: SmallSite, extra = ''): string =>
  [
    'talos.platform=metal slab_nomerge pti=on initrd=initramfs.img talos.halt_if_installed=1',
    `talos.config=${site.base}/t/tok/config.yaml talos.events.sink=${site.sink} talos.logging.kernel=${site.kernelLog}`,
    extra,
  ].join(' ');

/** The scripts of a small site: a bootstrap that chains with the machine's names, and what `script` says. */
export function rulesFor(script: (site: SmallSite) => string, shape: '1.13' | '1.14' = '1.13') {
  const holder: { site?: SmallSite } = {};
  const rules: SiteRules = {
    offer: (options) => options,
    files: {
      'undionly.kpxe': loader('undionly.kpxe', 'bios', 'amd64'),
      'ipxe.efi': loader('ipxe.efi', 'uefi', 'amd64'),
      'ipxe-arm64.efi': loader('ipxe-arm64.efi', 'uefi', 'arm64'),
    },
    bootFile: (kind, message) => {
      const base = holder.site?.base ?? '';
      if (kind === 'ipxe') return `${base}/boot.ipxe`;
      const arch = message.options.arch?.[0] ?? 0;
      const name = arch === 0 ? 'undionly.kpxe' : arch === 11 || arch === 19 ? 'ipxe-arm64.efi' : 'ipxe.efi';
      return kind === 'httpBoot' ? `${base}/b/${name}` : name;
    },
    http: (url) => {
      const { site } = holder;
      if (site === undefined) return undefined;
      if (url === '/boot.ipxe') {
        const query = `mac=\${net0/mac}&uuid=\${uuid}&serial=\${serial:uristring}&asset=\${asset:uristring}`;
        const more = `manufacturer=\${manufacturer:uristring}&buildarch=\${buildarch}&platform=\${platform}`;
        return { status: 200, body: `#!ipxe\nchain --replace ${site.base}/s?${query}&${more} || exit 1\n` };
      }
      if (url.startsWith('/s?')) return { status: 200, body: `#!ipxe\n${script(site)}\n` };
      if (url === '/k') return { status: 200, body: Buffer.alloc(300_000, 1) };
      if (url === '/i') return { status: 200, body: Buffer.alloc(900_000, 2) };
      const file = url.startsWith('/b/') ? rules.files[url.slice(3)] : undefined;
      if (file !== undefined) return { status: 200, body: file };
      if (url === '/t/tok/config.yaml') return { status: 200, body: configOf(shape, site) };
      return undefined;
    },
  };
  return { rules, holder };
}

export const installScript = (site: SmallSite, extra = ''): string =>
  [
    `kernel --name kernel ${site.base}/k ${installArgs(site, extra)}`,
    `initrd --name initramfs.img ${site.base}/i`,
    'boot || goto local',
    ':local',
    'exit 1',
  ].join('\n');

export interface Bench {
  readonly site: SmallSite;
  readonly net: SimSwitch;
  readonly machines: readonly SimMachine[];
  readonly story: readonly string[];
  until(what: () => boolean, maxMs?: number): Promise<void>;
  close(): Promise<void>;
}

export interface BenchOptions {
  readonly firmware: readonly FirmwareName[];
  readonly script?: (site: SmallSite) => string;
  readonly shape?: '1.13' | '1.14';
  readonly faults?: MachineFaults;
  readonly switchFaults?: SwitchFaults;
  readonly seed?: number;
  readonly speed?: number;
  readonly change?: (spec: SimMachineSpec) => SimMachineSpec;
  readonly machine?: Partial<SimMachineOptions>;
  readonly rules?: (rules: SiteRules) => void;
}

/** One switch, one small site, a few machines without BMC. Two hundred times as fast as the hardware. */
export async function createBench(options: BenchOptions): Promise<Bench> {
  const { rules, holder } = rulesFor(options.script ?? installScript, options.shape);
  options.rules?.(rules);
  const site = await createSmallSite(rules);
  holder.site = site;
  const clock = createSimClock(options.speed ?? 200);
  const random = createRandom(options.seed ?? 7);
  const relayAddress = '127.77.9.254';
  const faults = options.switchFaults ?? {};
  const made = await createSimSwitch({
    relayAddress,
    dhcpServer: site.dhcp,
    clock,
    random: random.fork('switch'),
    faults,
  });
  if (!made.ok) throw new Error(made.error);
  const net = made.value;
  const story: string[] = [];
  let isClosed = false;
  const machines = options.firmware.map((firmware, i) => {
    const spec = specOf(firmware, i + 1);
    return createSimMachine({
      spec: options.change?.(spec) ?? spec,
      clock,
      random: random.fork(spec.name),
      net: () => net,
      ports: () => ({ tftp: site.tftpPort }),
      faults: options.faults ?? {},
      onNote: (note) => story.push(`${note.machine} ${note.text}`),
      api: false,
      ...options.machine,
    });
  });
  return {
    site,
    net,
    machines,
    story,
    async until(what, maxMs = 8_000) {
      const end = performance.now() + maxMs;
      while (!what()) {
        if (performance.now() > end) {
          const consoles = machines.map((one) => `${one.spec.name} (${one.state.step}):\n${one.console.join('\n')}`);
          throw new Error(`it did not come to that; ${consoles.join('\n')}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      for (const machine of machines) machine.powerOff();
      clock.stop();
      await net.close();
      await site.close();
    },
  };
}
