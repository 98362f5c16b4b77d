import type { NodeSpec, SiteSpec, SubnetSpec } from '../core/spec.ts';
import type { Report } from './report.ts';
import { isOfSubnet } from './subnet-of.ts';
import { findTree, type MapTree, type Spot, spotOf, startOf } from './yaml-tree.ts';

const LACKS = 'hands out nothing without `pool:`';

/** DHCP of ours that has no address to give: known before the first machine asks, and then it is only silent. */
export function findWithoutPool(
  nodes: readonly NodeSpec[],
  { networks }: SiteSpec,
  tree: MapTree | undefined,
  report: Report,
): void {
  const at = (index: number): Spot =>
    tree === undefined ? startOf('_site.yaml') : spotOf(tree, ['networks', index, 'dhcp']);
  // One that is written wrong is an error of its own.
  if (
    tree !== undefined &&
    networks.some((net, at) => net.pool === undefined && findTree(tree, ['networks', at, 'pool']))
  )
    return;
  const bare = networks.filter(
    (net) => gives(net) && !networks.some((other) => isOfLink(net, other) && hasPool(other)),
  );
  const empty = bare.filter(
    (net) => !nodes.some(({ network }) => network.ip !== undefined && isOfSubnet(net, network.ip)),
  );
  for (const net of empty)
    report.warn(
      at(networks.indexOf(net)),
      `dhcp: ${net.subnet} ${LACKS}, and no machine has an \`ip:\` in it: nobody gets an address there`,
    );
  const [first] = bare;
  if (empty.length > 0 || first === undefined || bare.length < networks.length) return;
  const names = nodes.filter(({ network }) => network.ip === undefined).map(({ name }) => name);
  if (names.length === 0) return;
  const who = names.length === 1 ? `${names[0]} has` : `${names.length} machines (${names[0]}, …) have`;
  report.warn(
    at(networks.indexOf(first)),
    `dhcp: ${first.subnet} ${LACKS}, and ${who} no \`ip:\`: no address for them`,
  );
}

const gives = ({ dhcp }: SubnetSpec): boolean => dhcp === 'authoritative';
const hasPool = (net: SubnetSpec): boolean => gives(net) && net.pool !== undefined;

/** Where several subnets are on one wire, a machine may get an address of any. */
const isOfLink = (one: SubnetSpec, other: SubnetSpec): boolean =>
  one.relay === undefined ? one.interface === other.interface : one.relay === other.relay;
