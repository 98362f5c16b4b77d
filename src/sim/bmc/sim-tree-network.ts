import { collection, link, type Paths, type SimJson } from './sim-json.ts';
import type { SimState } from './sim-state.ts';

/** The network cards, in whatever corner of the tree this family keeps them. */

export function renderInterfaces(state: SimState, paths: Paths, rest: string): SimJson | undefined {
  const { macs, usbNic } = state.personality;
  const at = `${paths.system}/EthernetInterfaces`;
  const shown: SimJson[] = macs.includes('interfaces')
    ? state.identity.macs.map((mac, index) => ({
        '@odata.id': `${at}/NIC.${index + 1}`,
        Id: `NIC.${index + 1}`,
        Name: 'Ethernet Interface',
        MACAddress: mac.toUpperCase(),
      }))
    : [];
  if (usbNic)
    shown.push({
      '@odata.id': `${at}/ToManager`,
      Id: 'ToManager',
      Name: 'USB to BMC',
      MACAddress: '06:00:00:00:00:01',
    });
  if (rest === '/EthernetInterfaces')
    return collection(
      at,
      shown.map((one) => String(one['@odata.id'])),
    );
  return shown.find((one) => one['@odata.id'] === `${paths.system}${rest}`);
}

function addAdapters(state: SimState, paths: Paths, tree: Map<string, SimJson>): void {
  const { macs } = state.personality;
  const at = `${paths.chassis}/NetworkAdapters`;
  const card = `${at}/Card1`;
  const functions = macs.includes('functions');
  const ports = macs.includes('ports');
  tree.set(at, collection(at, functions || ports ? [card] : []));
  tree.set(card, {
    '@odata.id': card,
    Id: 'Card1',
    NetworkDeviceFunctions: link(`${card}/NetworkDeviceFunctions`),
    ...(ports ? { Ports: link(`${card}/Ports`) } : {}),
  });
  const list = (name: string, show: boolean, render: (mac: string) => SimJson) => {
    const paths_ = state.identity.macs.map((_, index) => `${card}/${name}/${index}`);
    tree.set(`${card}/${name}`, collection(`${card}/${name}`, show ? paths_ : []));
    for (const [index, mac] of state.identity.macs.entries()) {
      tree.set(`${card}/${name}/${index}`, {
        '@odata.id': `${card}/${name}/${index}`,
        Id: String(index),
        ...render(mac),
      });
    }
  };
  list('NetworkDeviceFunctions', functions, (mac) => ({
    NetDevFuncType: 'Ethernet',
    Ethernet: { PermanentMACAddress: mac.toUpperCase(), MACAddress: 'Not Available' },
  }));
  list('Ports', ports, (mac) => ({ Ethernet: { AssociatedMACAddresses: [mac.replaceAll(':', '-').toUpperCase()] } }));
}

export function networkResources(state: SimState, paths: Paths): ReadonlyMap<string, SimJson> {
  const tree = new Map<string, SimJson>();
  addAdapters(state, paths, tree);
  const options = `${paths.system}/BootOptions`;
  const listed = state.identity.macs.map((mac, index) => ({
    '@odata.id': `${options}/Boot000${index}`,
    BootOptionReference: `Boot000${index}`,
    DisplayName: 'PXE IPv4',
    UefiDevicePath: `PciRoot(0x0)/Pci(0x1,0x1)/MAC(${mac.replaceAll(':', '').toUpperCase()},0x1)/IPv4(0.0.0.0)`,
  }));
  if (state.personality.macs.includes('bootOptions')) {
    tree.set(
      options,
      collection(
        options,
        listed.map((one) => one['@odata.id']),
      ),
    );
    for (const one of listed) tree.set(one['@odata.id'], one);
  }
  const hpe = `${paths.system}/BaseNetworkAdapters`;
  if (state.personality.macs.includes('hpeAdapters')) {
    tree.set(hpe, collection(hpe, [`${hpe}/1`]));
    tree.set(`${hpe}/1`, {
      '@odata.id': `${hpe}/1`,
      Id: '1',
      PhysicalPorts: state.identity.macs.map((mac) => ({ MacAddress: mac })),
    });
  }
  return tree;
}
