import { isIPv6 } from 'node:net';
import { isMap, isSeq, type YAMLMap, YAMLSeq } from 'yaml';
import type { NetworkSpec } from '../core/spec.ts';
import { bondFields } from './bond-options.ts';
import { nodeOf, textAt } from './config-documents.ts';
import { type ConfigDraft, documentIn, mainOf, putDocument, refuse, setIn, warn } from './config-draft.ts';
import { isAtLeast } from './talos-version.ts';

const INTERFACES = ['machine', 'network', 'interfaces'];
/** Talos advises against aliases that look like kernel names (`eth0`, `ens3`). */
const ALIAS = 'uplink0';

/**
 * Static addresses, only where the inventory gives address and prefix, in one of two shapes and never in both:
 * `machine.network.interfaces`, or from 1.12 on LinkConfig, VLANConfig and BondConfig unless the base uses the old one.
 */
export function applyNetwork(draft: ConfigDraft): void {
  const { ip, prefix } = draft.spec.network;
  if (ip === undefined || prefix === undefined) return;
  const main = mainOf(draft);
  if (main === undefined) return;
  const cidr = `${ip}/${prefix}`;
  // The operator wrote this address: whatever else stands beside it is meant.
  if (draft.documents.some((one) => holdsText(one.root, cidr))) return;
  const parent = parentLink(draft);
  if (parent === undefined) return;
  const old = main.root.getIn(INTERFACES, true);
  const usesOld = isSeq(old) && old.items.length > 0;
  if (isAtLeast(draft.version, 1, 12) && !usesOld) putLinks(draft, parent, cidr);
  else setInterface(draft, parent, cidr);
  applyNameServers(draft);
}

/** By name, or by MAC where the inventory leaves the naming to the kernel. */
type Parent = { readonly name: string } | { readonly mac: string };

function parentLink(draft: ConfigDraft): Parent | undefined {
  const { network, identity } = draft.spec;
  const name = network.bond?.name ?? network.interface;
  if (name !== undefined) return { name };
  const [mac] = identity.macs;
  if (mac !== undefined) return { mac };
  refuse(draft, undefined, '`ip` needs `interface`, `bond` or a MAC: nothing says which link gets the address');
  return undefined;
}

/** 1.12 and later. A link that has a document gets no DHCP by default, so the parent of a VLAN is only brought up. */
function putLinks(draft: ConfigDraft, parent: Parent, cidr: string): void {
  const { network } = draft.spec;
  const link = 'name' in parent ? parent.name : ALIAS;
  if ('mac' in parent) {
    putDocument(
      draft,
      'LinkAliasConfig',
      { selector: { match: `mac(link.permanent_addr) == "${parent.mac}"` } },
      ALIAS,
    );
  }
  const addressed = { addresses: [{ address: cidr }], ...routesOf(network) };
  const onParent = network.vlan === undefined ? addressed : {};
  const put = (kind: string, name: string, fields: Readonly<Record<string, unknown>>) => {
    const before = documentIn(draft, kind, name);
    if (before?.root.has('addresses') === true)
      warn(draft, before, 'its addresses are replaced by those of the inventory');
    putDocument(draft, kind, { up: true, ...fields }, name);
  };
  if (network.bond === undefined) put('LinkConfig', link, onParent);
  else {
    const { links, options, mtu } = network.bond;
    put('BondConfig', link, {
      links,
      ...bondFields(options, 'document'),
      ...(mtu === undefined ? {} : { mtu }),
      ...onParent,
    });
  }
  if (network.vlan !== undefined) {
    put('VLANConfig', `${link}.${network.vlan}`, { vlanID: network.vlan, parent: link, ...addressed });
  }
}

function routesOf({ gateway }: NetworkSpec): { readonly routes?: readonly unknown[] } {
  return gateway === undefined ? {} : { routes: [{ destination: everywhere(gateway), gateway }] };
}

/** `dhcp: false` is written out: an interface with static addresses would ask DHCP beside them. */
function setInterface(draft: ConfigDraft, parent: Parent, cidr: string): void {
  const main = mainOf(draft);
  if (main === undefined) return;
  const { network } = draft.spec;
  const { gateway, vlan, bond } = network;
  const addressed = {
    addresses: [cidr],
    ...(gateway === undefined ? {} : { routes: [{ network: everywhere(gateway), gateway }] }),
  };
  const fields: Readonly<Record<string, unknown>> = {
    ...('name' in parent ? { interface: parent.name } : { deviceSelector: { hardwareAddr: parent.mac } }),
    ...(bond?.mtu === undefined ? {} : { mtu: bond.mtu }),
    dhcp: false,
    ...(bond === undefined ? {} : { bond: { interfaces: bond.links, ...bondFields(bond.options, 'main') } }),
    ...(vlan === undefined ? addressed : { vlans: [{ vlanId: vlan, dhcp: false, ...addressed }] }),
  };
  const list = main.root.getIn(INTERFACES, true);
  if (!isSeq(list)) {
    setIn(main, INTERFACES, [fields]);
    return;
  }
  main.touched = true;
  const index = list.items.findIndex(
    (one) => isMap(one) && 'name' in parent && textAt(one, 'interface') === parent.name,
  );
  if (index < 0) {
    list.add(nodeOf(fields));
    return;
  }
  const before = list.items[index];
  if (isMap(before) && before.has('addresses')) {
    warn(
      draft,
      main,
      `the addresses of ${draft.spec.network.interface ?? 'the link'} are replaced by those of the inventory`,
    );
  }
  if (isMap(before)) for (const [key, value] of Object.entries(fields)) before.set(key, nodeOf(value));
}

/** DHCP brings these; an address of one's own does not. What the configuration already says stays. */
function applyNameServers(draft: ConfigDraft): void {
  const main = mainOf(draft);
  if (main === undefined) return;
  const { dns, ntp, domain } = draft.spec.network;
  const documents = isAtLeast(draft.version, 1, 12);
  const hasDns =
    main.root.hasIn(['machine', 'network', 'nameservers']) || documentIn(draft, 'ResolverConfig') !== undefined;
  if (dns.length > 0 && !hasDns) {
    if (!documents) setIn(main, ['machine', 'network', 'nameservers'], dns);
    else {
      const search = domain === undefined ? {} : { searchDomains: { domains: [domain] } };
      putDocument(draft, 'ResolverConfig', { nameservers: dns.map((address) => ({ address })), ...search });
    }
  }
  const hasTime = main.root.hasIn(['machine', 'time']) || documentIn(draft, 'TimeSyncConfig') !== undefined;
  if (ntp.length > 0 && !hasTime) {
    if (documents) putDocument(draft, 'TimeSyncConfig', { ntp: { servers: ntp } });
    else setIn(main, ['machine', 'time', 'servers'], ntp);
  }
}

const everywhere = (gateway: string): string => (isIPv6(gateway) ? '::/0' : '0.0.0.0/0');

function holdsText(root: YAMLMap, text: string): boolean {
  return root.items.some(({ value }) => holds(value, text));
}

function holds(node: unknown, text: string): boolean {
  if (isMap(node)) return holdsText(node, text);
  if (node instanceof YAMLSeq) return node.items.some((one) => holds(one, text));
  return typeof node === 'object' && node !== null && 'value' in node && node.value === text;
}
