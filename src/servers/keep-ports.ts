import type { SubnetSpec } from '../core/spec.ts';
import type { BootSite } from '../netboot/boot-site.ts';
import { createCutLinks } from './cut-links.ts';
import { closePorts, type DhcpBind, type DhcpPort, type DhcpPorts, openMissing } from './dhcp-sockets.ts';
import { findNarrow } from './explain-narrow.ts';
import { indexOf } from './interface-socket.ts';
import { createLetGo, type LetGoParts } from './let-go.ts';
import { type CutOff, findAway, findLost } from './lost-addresses.ts';
import { type ListenAddress, servedNets } from './server-parts.ts';
import type { SocketOptions } from './socket-options.ts';

export interface KeepPortsParts {
  readonly what: string;
  readonly opened: DhcpPorts;
  readonly site: () => BootSite;
  readonly bind: DhcpBind;
  readonly native: SocketOptions | undefined;
  readonly onPort: (port: DhcpPort) => void;
  /** They are others now (`isAnew`), or a network has none, or one without its address: `problem` says why and what to do. */
  readonly onChange: (news: PortsNews) => void;
  readonly letGo?: LetGoParts;
}

export interface PortsNews {
  readonly problem: string | undefined;
  readonly isAnew: boolean;
  /** Those that get nothing from here now. */
  readonly cutOff: readonly CutOff[];
  /** That is all that the site serves. */
  readonly isAll: boolean;
}

/**
 * The ports of a server that goes on while networks come and go, and while interfaces get other addresses or are made anew.
 */
export interface KeptPorts {
  readonly ports: () => readonly DhcpPort[];
  readonly listens: () => readonly ListenAddress[];
  /** Our addresses that are not on this interface now, though the site says so; undefined: on whichever. */
  readonly away: (iface: string | undefined) => ReadonlySet<number>;
  /** Looks for what has changed, and again for what could not be served the last time. */
  readonly round: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export function createKeptPorts(parts: KeepPortsParts): KeptPorts {
  const { what, opened, site, bind, native, onPort, onChange, letGo: letGoParts } = parts;
  let open = opened;
  let served: BootSite | undefined = opened.problem === undefined ? site() : undefined;
  let unserved: string | undefined;
  let problem: string | undefined;
  let lost: readonly CutOff[] = [];
  let narrow: readonly string[] = [];
  const findCutLinks = createCutLinks();
  let judged = site();
  let away = findAway(judged);
  let looking: Promise<void> | undefined;
  let isStopped = false;
  open.ports.forEach(onPort);

  const letGo = createLetGo<DhcpPort>(letGoParts);
  const dropStale = async (wanted: BootSite): Promise<boolean> => {
    const left = bind.address === undefined ? open.ports.filter((port) => !isServed(port, wanted)) : [];
    const gone = await letGo(left);
    const stale = open.ports.filter((port) => gone.includes(port) || isStale(port, open.ports, wanted));
    if (stale.length === 0) return false;
    const ports = open.ports.filter((port) => !stale.includes(port));
    const listens = open.listens.filter(({ address }) => ports.some((port) => port.address === address));
    open = { ...open, ports, listens };
    await closePorts(stale);
    return true;
  };

  /** Are there others than before? */
  const add = async (wanted: BootSite): Promise<boolean> => {
    const { ports, listens, problem: why } = await openMissing(what, wanted, bind, native, open);
    if (isStopped) {
      await closePorts(ports);
      return false;
    }
    ports.forEach(onPort);
    open = { ...open, ports: [...open.ports, ...ports], listens: [...open.listens, ...listens] };
    served = why === undefined ? wanted : undefined;
    // What is not there yet has a sentence of its own.
    unserved =
      why === undefined || why.isAbsent === true ? undefined : `a network is not served yet: ${why.why}; ${why.advice}`;
    return ports.length > 0;
  };

  const look = async (wanted: BootSite): Promise<void> => {
    judge(wanted);
    const hasDropped = await dropStale(wanted);
    const hasAdded = (hasDropped || wanted !== served) && (await add(wanted));
    lost = (await findLost(wanted, open.listens)) ?? lost;
    narrow = findNarrow(wanted) ?? narrow;
    // Why an address is not there says whether there is a link.
    const cut = findCutLinks(wanted).filter(({ subnet }) => lost.every((one) => one.subnet !== subnet));
    const cutOff = [...lost, ...cut];
    const texts = new Set(cutOff.map(({ text }) => text));
    const now = [unserved, ...texts, ...narrow].filter((one) => one !== undefined).join('; ') || undefined;
    if (isStopped || (now === problem && !hasDropped && !hasAdded)) return;
    problem = now;
    onChange({ problem, isAnew: hasDropped || hasAdded, cutOff, isAll: isAllOf(wanted, cutOff) });
  };

  /** A site that was read again may name other interfaces, and the next packet may be of them. */
  const awayNow = (): typeof away => {
    const wanted = site();
    if (wanted !== judged) judge(wanted);
    return away;
  };
  const judge = (wanted: BootSite): void => {
    judged = wanted;
    away = findAway(wanted) ?? away;
  };

  return {
    ports: () => open.ports,
    listens: () => open.listens,
    away: (iface) => awayNow()?.from(iface) ?? NONE,
    round: async () => {
      if (looking !== undefined || isStopped) return;
      looking = look(site()).finally(() => {
        looking = undefined;
      });
      await looking;
    },
    stop: async () => {
      isStopped = true;
      await looking?.catch(() => undefined);
      await closePorts(open.ports);
    },
  };
}

const NONE: ReadonlySet<number> = new Set();

function isAllOf(site: BootSite, cutOff: readonly CutOff[]): boolean {
  const nets = [...servedNets(site).map((net) => net.spec), ...(site.waiting ?? [])];
  return nets.every(({ subnet }) => cutOff.some((one) => one.subnet === subnet));
}

/** Does the site name a network for it? What cannot know its interface hears for all of them. */
function isServed({ iface, serves, address }: DhcpPort, { nets, waiting = [] }: BootSite): boolean {
  if (serves === undefined)
    return nets.some((net) => net.spec.dhcp !== 'off' && net.relay !== undefined && net.serverText === address);
  return iface === undefined || [...nets.map(({ spec }) => spec), ...waiting].some((net) => isServedOn(net, iface));
}

const isServedOn = (net: SubnetSpec, iface: string): boolean =>
  net.dhcp !== 'off' && net.relay === undefined && net.interface === iface;

/** With the port that hears the broadcasts of an interface, all of that go: one of them has to hear in its place. */
const isStale = (port: DhcpPort, ports: readonly DhcpPort[], site: BootSite): boolean =>
  isOutdated(port, site) ||
  (port.iface !== undefined &&
    ports.some((one) => one.iface === port.iface && one.everybody !== undefined && isOutdated(one, site)));

/** The site has other addresses of its interface by now, or it is another one of the same name. */
function isOutdated({ iface, address, index }: DhcpPort, { nets }: BootSite): boolean {
  if (iface === undefined) return false;
  const wanted = nets.filter(
    (net) => net.spec.dhcp !== 'off' && net.relay === undefined && net.spec.interface === iface,
  );
  if (wanted.length > 0 && wanted.every((net) => net.serverText !== address)) return true;
  const now = indexOf(iface);
  return now !== undefined && now !== index;
}
