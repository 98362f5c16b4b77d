import { fail, ok, type Result } from '../core/result.ts';
import type { DhcpOptionSpec, SiteSpec, SubnetSpec } from '../core/spec.ts';
import type { StaticRoute, WireOption } from '../protocols/dhcp/dhcp-message.ts';
import { parseIpv4, renderIpv4 } from '../protocols/ipv4.ts';

/** A network of the site with its addresses as numbers: what every answer on it is made of. */
export interface BootNet {
  readonly spec: SubnetSpec;
  readonly first: number;
  readonly last: number;
  readonly mask: number;
  /** Our own address as machines of this network reach it: option 54, siaddr and the host of every URL. */
  readonly server: number;
  readonly serverText: string;
  readonly relay?: number;
  readonly gateway?: number;
  readonly dns: readonly number[];
  readonly ntp: readonly number[];
  readonly routes: readonly StaticRoute[];
  readonly pool?: { readonly first: number; readonly last: number };
  readonly options: readonly WireOption[];
}

export interface BootSite {
  readonly spec: SiteSpec;
  readonly nets: readonly BootNet[];
  /** Networks whose interface has no address yet, or is not there: nobody is answered on them. */
  readonly waiting?: readonly SubnetSpec[];
}

/** `addressOf` names our address on a network that does not give one: that of the interface, or towards the relay. */
export function buildBootSite(
  spec: SiteSpec,
  addressOf: (net: SubnetSpec) => string | undefined = () => undefined,
): Result<BootSite> {
  const nets: BootNet[] = [];
  const waiting: SubnetSpec[] = [];
  for (const subnet of spec.networks) {
    const own = addressOf(subnet) ?? (subnet.relay === undefined ? subnet.address : undefined);
    if (own === undefined && subnet.interface !== undefined) {
      waiting.push(subnet);
      continue;
    }
    const net = buildNet(subnet, own);
    if (!net.ok) return net;
    nets.push(net.value);
  }
  return ok({ spec, nets, ...(waiting.length === 0 ? {} : { waiting }) });
}

const addressesOf = (texts: readonly string[]): number[] =>
  texts.flatMap((text) => {
    const parsed = parseIpv4(text);
    return parsed.ok ? [parsed.value] : [];
  });

export function parseSubnetText(text: string): Result<{ readonly first: number; readonly prefix: number }> {
  const [address = '', bits = ''] = text.split('/');
  const first = parseIpv4(address);
  if (!first.ok || !/^[0-9]{1,2}$/.test(bits) || Number(bits) > 32) return fail(`"${text}" is no subnet`);
  return ok({ first: first.value, prefix: Number(bits) });
}

const maskOf = (prefix: number): number => (prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0);

function buildNet(spec: SubnetSpec, own: string | undefined): Result<BootNet> {
  const subnet = parseSubnetText(spec.subnet);
  if (!subnet.ok) return subnet;
  const server = own === undefined ? undefined : parseIpv4(own);
  if (server === undefined || !server.ok) {
    const where = spec.interface === undefined ? `relay ${spec.relay ?? '?'}` : `interface ${spec.interface}`;
    return fail(
      `no address of our own is known for ${spec.subnet} (${where}): give the interface one, or \`address:\``,
    );
  }
  const mask = maskOf(subnet.value.prefix);
  const first = (subnet.value.first & mask) >>> 0;
  const [from, to] = spec.pool === undefined ? [] : addressesOf([spec.pool.from, spec.pool.to]);
  const [gateway] = spec.gateway === undefined ? [] : addressesOf([spec.gateway]);
  const [relay] = spec.relay === undefined ? [] : addressesOf([spec.relay]);
  return ok({
    spec,
    first,
    last: (first | ~mask) >>> 0,
    mask,
    server: server.value,
    serverText: renderIpv4(server.value),
    dns: addressesOf(spec.dns),
    ntp: addressesOf(spec.ntp),
    routes: spec.routes.flatMap(routeOf),
    options: wireOptions(spec.options),
    ...(relay === undefined ? {} : { relay }),
    ...(gateway === undefined ? {} : { gateway }),
    ...(from === undefined || to === undefined ? {} : { pool: { first: from, last: to } }),
  });
}

function routeOf({ to, via }: SubnetSpec['routes'][number]): StaticRoute[] {
  const target = parseSubnetText(to === 'default' ? '0.0.0.0/0' : to);
  const hop = parseIpv4(via);
  if (!target.ok || !hop.ok) return [];
  return [{ network: target.value.first, prefix: target.value.prefix, gateway: hop.value }];
}

export const wireOptions = (options: readonly DhcpOptionSpec[] = []): readonly WireOption[] =>
  options.map(({ code, hex }) => ({ code, data: Buffer.from(hex, 'hex') }));

export const isInNet = (net: BootNet, address: number): boolean => address >= net.first && address <= net.last;

/** Never handed out: network, broadcast, our own, the gateway's and the relay's address. */
export function isHostOf(net: BootNet, address: number): boolean {
  if (!isInNet(net, address) || address === net.server || address === net.gateway || address === net.relay)
    return false;
  return net.last - net.first < 2 || (address !== net.first && address !== net.last);
}

export const netOfAddress = (site: BootSite, address: number): BootNet | undefined =>
  site.nets.find((net) => isInNet(net, address));

/** No other server gives addresses there: who is at one of them has it from us, or from the inventory. */
export function givesAlone(site: BootSite, text: string): boolean {
  const net = netOfText(site, text);
  return net !== undefined && isAlone(net);
}

/** May another server have given it? Of an address in none of our networks one may have, where we know of one anywhere. */
export function servesBeside(site: BootSite, text: string): boolean {
  const net = netOfText(site, text);
  return net === undefined ? !site.nets.every(isAlone) : !isAlone(net);
}

/** As the second server here we leave who asks to the first one for a while: that one is meant to answer. */
export const hasFirst = ({ spec }: BootNet): boolean => spec.dhcp !== 'off' && spec.answerAfterSeconds !== undefined;

const isAlone = ({ spec }: BootNet): boolean => spec.dhcp === 'authoritative' && spec.answerAfterSeconds === undefined;

function netOfText(site: BootSite, text: string): BootNet | undefined {
  const address = parseIpv4(text);
  return address.ok ? netOfAddress(site, address.value) : undefined;
}

/** `http://10.77.0.1` with the port where it is not 80: old firmware was seen to stumble over `:80`. */
export function httpBase(site: BootSite, net: BootNet): string {
  const { http } = site.spec.ports;
  return `http://${net.serverText}${http === 80 ? '' : `:${http}`}`;
}
