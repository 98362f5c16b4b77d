import type { UplinkSpec } from '../../core/spec.ts';
import { type GeneratedNode, NEW_SHAPE, OLD_SHAPE } from './generate-site.ts';
import type { PlannedNetwork, SimFile, SimPortsOfSite } from './planned-machine.ts';

export const BMC_USER = 'root';
/** Where the inventory finds the password of the simulated BMCs. */
export const BMC_PASSWORD_ENV = 'CRASHCART_DEMO_BMC';

export interface BmcAt {
  readonly url: string;
  readonly fingerprint: string | undefined;
}

const HEAD = '# SIMULATED: written by crashcart demo; nothing here is real.\n';

function renderNetwork({ relay, server, subnet, pool, dhcp }: PlannedNetwork): string {
  const own = dhcp === 'authoritative' ? `, pool: ${pool.from}-${pool.to}, lease: 12h` : '';
  return `  - { relay: ${relay}, address: ${server}, dhcp: ${dhcp}, subnet: ${subnet}${own} }\n`;
}

/** What a rehearsed site says of itself, beside its networks. */
export interface SiteKept {
  readonly talosconfig?: string | undefined;
  readonly uplink?: UplinkSpec | undefined;
  readonly allowDiskPath?: boolean | undefined;
}

/** In plain bits per second; the names of racks are texts of the operator. */
const renderUplink = ({ site, rack, racks }: UplinkSpec): string =>
  JSON.stringify({
    ...(site === undefined ? {} : { site: String(site) }),
    ...(rack === undefined ? {} : { rack: String(rack) }),
    racks: Object.fromEntries(Object.entries(racks).map(([name, rate]) => [name, String(rate)])),
  });

export function renderSite(
  networks: readonly PlannedNetwork[],
  ports: SimPortsOfSite,
  name: string,
  { talosconfig, uplink, allowDiskPath }: SiteKept = {},
): SimFile {
  const kept = [
    ...(talosconfig === undefined ? [] : [`talosconfig: ${talosconfig}`]),
    ...(uplink === undefined ? [] : [`uplink: ${renderUplink(uplink)}`]),
    ...(allowDiskPath === true ? ['allowDiskPath: true'] : []),
    'unknown: note',
  ];
  const numbers = Object.entries(ports).map(([key, value]) => `${key}: ${value}`);
  const text = `${HEAD}site: ${name}
networks:
${networks.map(renderNetwork).join('')}ports: { ${numbers.join(', ')} }
talos: { version: ${OLD_SHAPE} }
${kept.join('\n')}
`;
  return { path: '_site.yaml', text };
}

/** The made-up rack as an operator would write it down: defaults, and one small file per machine. */
export function renderNodes(nodes: readonly GeneratedNode[], bmcOf: (name: string) => BmcAt | undefined): SimFile[] {
  const defaults = `${HEAD}role: worker
cluster: demo
bmc: { username: ${BMC_USER}, password: env:${BMC_PASSWORD_ENV} }
talos: { config: _talos/worker.yaml }
`;
  return [{ path: '_defaults.yaml', text: defaults }, ...nodes.map((node) => renderNode(node, bmcOf(node.spec.name)))];
}

function firmwareKey({ spec }: GeneratedNode): 'bios' | 'uefi' | 'http' {
  if (spec.firmware.startsWith('bios')) return 'bios';
  return spec.firmware.endsWith('-http') ? 'http' : 'uefi';
}

function renderNode(node: GeneratedNode, bmc: BmcAt | undefined): SimFile {
  const { spec, rack, unit, role, ip, arch, talosVersion, isProtected } = node;
  const suffix = talosVersion === NEW_SHAPE ? '-1.14' : '';
  const talos = [
    ...(talosVersion === OLD_SHAPE ? [] : [`version: ${talosVersion}`]),
    ...(role === 'worker' && suffix === '' ? [] : [`config: _talos/${role}${suffix}.yaml`]),
    `disk: { serial: ${spec.disks[0]?.info.serial ?? ''} }`,
  ];
  const pin = bmc?.fingerprint === undefined ? '' : `, fingerprint: "${bmc.fingerprint}"`;
  const lines = [
    `rack: ${rack}`,
    `unit: ${unit}`,
    ...(role === 'worker' ? [] : [`role: ${role}`]),
    `macs: [${spec.macs.map((mac) => `"${mac}"`).join(', ')}]`,
    `uuid: ${spec.uuid}`,
    `serial: ${spec.serial}`,
    `boardSerial: ${spec.boardSerial}`,
    `asset: ${spec.asset}`,
    `switchPort: "${spec.circuit}"`,
    `ip: ${ip}`,
    ...(bmc === undefined ? ['# no BMC: a person must press its button'] : [`bmc: { url: "${bmc.url}"${pin} }`]),
    `firmware: ${firmwareKey(node)}`,
    ...(arch === 'amd64' ? [] : [`arch: ${arch}`]),
    ...(isProtected ? ['protected: true'] : []),
    `talos: { ${talos.join(', ')} }`,
  ];
  return { path: `${rack}/${spec.name}.yaml`, text: `${lines.join('\n')}\n` };
}
