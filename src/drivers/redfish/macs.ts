import { normaliseMac } from '../../core/identity.ts';
import type { BmcContext } from './bmc-context.ts';
import { asObject, type Json, linkAt, listAt, objectAt, textAt, textsAt, valueAt } from './json.ts';
import type { Walk } from './walk.ts';

export interface FoundMac {
  readonly mac: string;
  /** The resource it was read from, as a short path. */
  readonly from: string;
}

/** The network card that the BMC shows to its own host is no card of the host. */
const OWN_NIC = /tomanager|usb|rndis|host.?interface|\bbmc\b/i;

const isLocal = (mac: string): boolean => /^.[26ae]/.test(mac);

type Collect = (raw: unknown, from: string) => void;

function describe(json: Json): string {
  return [textAt(json, 'Id'), textAt(json, 'Name'), textAt(json, 'Description')].join(' ');
}

function collectInterface(json: Json, collect: Collect): void {
  if (OWN_NIC.test(describe(json))) return;
  const from = `EthernetInterfaces/${textAt(json, 'Id') ?? '?'}`;
  const permanent = textAt(json, 'PermanentMACAddress');
  collect(normaliseMac(permanent) === undefined ? textAt(json, 'MACAddress') : permanent, from);
}

/** Functions first: a card whose ports know a MAC may show none in its functions, and the other way round (Lenovo). */
async function collectAdapter(walk: Walk, adapter: Json, collect: Collect): Promise<void> {
  const id = textAt(adapter, 'Id') ?? '?';
  for (const item of await walk.members(linkAt(adapter, 'NetworkDeviceFunctions'))) {
    const ethernet = objectAt(item, 'Ethernet');
    const from = `NetworkAdapters/${id}/${textAt(item, 'Id') ?? '?'}`;
    const permanent = textAt(ethernet, 'PermanentMACAddress');
    collect(normaliseMac(permanent) === undefined ? textAt(ethernet, 'MACAddress') : permanent, from);
    for (const oem of Object.values(objectAt(item, 'Oem', 'Dell') ?? {}))
      collect(valueAt(oem, 'PermanentMACAddress'), from);
  }
  const ports = [
    ...(await walk.members(linkAt(adapter, 'Ports'))),
    ...(await walk.members(linkAt(adapter, 'NetworkPorts'))),
  ];
  for (const port of ports) {
    // InfiniBand ports list GUIDs or Ethernet-like addresses that never send a DHCP packet of ours.
    if (/infiniband/i.test(`${textAt(port, 'PortProtocol') ?? ''}${textAt(port, 'ActiveLinkTechnology') ?? ''}`))
      continue;
    const from = `NetworkAdapters/${id}/${textAt(port, 'Id') ?? '?'}`;
    for (const mac of textsAt(port, 'Ethernet', 'AssociatedMACAddresses')) collect(mac, from);
    for (const mac of textsAt(port, 'AssociatedNetworkAddresses')) collect(mac, from);
  }
  for (const port of listAt(adapter, ['Oem', 'Hpe', 'PhysicalPorts'], 50))
    collect(valueAt(port, 'MacAddress'), `Oem/${id}`);
}

/** `PciRoot(0x0)/…/MAC(B42E99000000,0x1)/IPv4(…)`: on some OpenBMC the only place of a host's MAC. */
function collectBootOption(json: Json, collect: Collect): void {
  const from = `BootOptions/${textAt(json, 'BootOptionReference') ?? textAt(json, 'Id') ?? '?'}`;
  const path = textAt(json, 'UefiDevicePath') ?? '';
  for (const match of path.matchAll(/MAC\(([0-9A-Fa-f]{12}),/g)) collect(match[1], from);
  const named = /MAC[:\s]+((?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2})/.exec(textAt(json, 'DisplayName') ?? '');
  collect(named?.[1], from);
}

async function collectHpe(walk: Walk, system: Json, collect: Collect): Promise<void> {
  const link =
    linkAt(system, 'Oem', 'Hpe', 'Links', 'NetworkAdapters') ??
    linkAt(system, 'Oem', 'Hpe', 'links', 'NetworkAdapters');
  for (const adapter of await walk.members(link)) {
    for (const port of listAt(adapter, ['PhysicalPorts'], 50)) {
      collect(valueAt(asObject(port), 'MacAddress'), `BaseNetworkAdapters/${textAt(adapter, 'Id') ?? '?'}`);
    }
  }
}

/** Every place where MACs hide, united: the first place that names one is kept as its source. */
export async function readMacs(context: BmcContext, walk: Walk, system: Json): Promise<readonly FoundMac[]> {
  const found = new Map<string, FoundMac>();
  const collect: Collect = (raw, from) => {
    const mac = typeof raw === 'string' ? normaliseMac(raw) : undefined;
    if (mac !== undefined && !found.has(mac)) found.set(mac, { mac, from });
  };
  for (const item of await walk.members(linkAt(system, 'EthernetInterfaces'))) collectInterface(item, collect);
  for (const path of context.chassis) {
    const chassis = await walk.get(path);
    for (const adapter of await walk.members(linkAt(chassis, 'NetworkAdapters'))) {
      if (!OWN_NIC.test(describe(adapter))) await collectAdapter(walk, adapter, collect);
    }
  }
  await collectHpe(walk, system, collect);
  for (const option of await walk.members(linkAt(system, 'Boot', 'BootOptions'))) collectBootOption(option, collect);
  const all = [...found.values()];
  const global = all.filter(({ mac }) => !isLocal(mac));
  // Locally administered ones belong to the USB card of the BMC, unless a machine has nothing else.
  return global.length > 0 ? global : all.slice(0, 1);
}
