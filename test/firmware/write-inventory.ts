import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MachineSpec } from './machine-spec.ts';
import type { Rack } from './open-rack.ts';

export const VERSION = 'v1.13.9';

const site = (networks: string) => `site: firmware-lab
networks:
${networks}# ipxe.efi of Debian 12 hangs on exit under OVMF; snponly.efi of the same package returns.
loaders: { bios: undionly.kpxe, uefi: snponly.efi, arm64: ipxe-arm64.efi }
talos: { version: ${VERSION} }
`;

/** What \`talosctl gen config\` writes, as far as anything here reads it. The token is the lab's. */
const CONFIG = `version: v1alpha1
debug: false
persist: true
machine:
  type: worker
  token: lab123.0123456789abcdef
  kubelet:
    image: ghcr.io/siderolabs/kubelet:v1.34.1
cluster:
  clusterName: lab
  controlPlane:
    endpoint: https://10.77.5.1:6443
`;

/** One file a machine, with all that identifies it, as an operator would write it from a packing list. */
export async function writeInventory(rack: Rack): Promise<void> {
  const folder = join(rack.folder, 'inventory');
  await mkdir(join(folder, '_talos'), { recursive: true });
  await writeFile(join(folder, '_site.yaml'), site(rack.net.networks));
  await writeFile(join(folder, '_talos/worker.yaml'), CONFIG);
  const { fingerprint256 } = new X509Certificate(await readFile(rack.certificate));
  for (const [index, machine] of rack.machines.entries())
    await writeFile(join(folder, `${machine.name}.yaml`), renderMachine(machine, index, fingerprint256));
}

function renderMachine(machine: MachineSpec, index: number, fingerprint: string): string {
  const bmc = `bmc: { url: "https://${machine.bmc}", username: admin, password: "env:LAB_BMC_PASSWORD", fingerprint: "${fingerprint}" }`;
  return [
    'rack: r01',
    `unit: ${index + 1}`,
    'role: worker',
    `macs: ["${machine.mac}"]`,
    `uuid: ${machine.uuid}`,
    `serial: ${machine.serial}`,
    `boardSerial: ${machine.boardSerial}`,
    `asset: ${machine.asset}`,
    `ip: ${machine.ip}`,
    `firmware: ${machine.kind === 'http' ? 'http' : machine.firmware}`,
    ...(machine.arch === 'arm64' ? ['arch: arm64'] : []),
    // The stand-in for Talos cannot kexec: it goes through firmware, as Talos does with this set.
    'firmwareReboot: true',
    ...(machine.bmc === undefined ? [] : [bmc]),
    'talos:',
    `  kernelArgs: ${JSON.stringify(machine.kernelArgs)}`,
    `  disk: { serial: ${machine.diskSerial} }`,
    '  config: _talos/worker.yaml',
    '',
  ].join('\n');
}
