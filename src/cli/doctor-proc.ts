import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What Linux tells of itself under /proc, /sys and /run. `root` is for tests. */
export interface HostView {
  readonly text: (path: string) => string | undefined;
  readonly list: (path: string) => readonly string[];
  readonly link: (path: string) => string | undefined;
}

export function createHostView(root = ''): HostView {
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch {
      return undefined;
    }
  };
  return {
    text: (path) => attempt(() => readFileSync(root + path, 'utf8')),
    list: (path) => attempt(() => readdirSync(root + path)) ?? [],
    link: (path) => attempt(() => readlinkSync(root + path)),
  };
}

export function readNumber(host: HostView, path: string): number | undefined {
  const text = host.text(path)?.trim();
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

export const CAPABILITIES = { CAP_NET_BIND_SERVICE: 10, CAP_NET_ADMIN: 12, CAP_NET_RAW: 13 } as const;
export type Capability = keyof typeof CAPABILITIES;

/** The effective ones of this process, or those that its children get; undefined where /proc does not tell. */
export function readCapabilities(
  host: HostView,
  which: 'CapEff' | 'CapAmb' = 'CapEff',
): ReadonlySet<Capability> | undefined {
  const mask = new RegExp(`^${which}:\\s*([0-9a-f]+)$`, 'im').exec(host.text('/proc/self/status') ?? '')?.[1];
  if (mask === undefined) return undefined;
  const bits = BigInt(`0x${mask}`);
  const names = Object.keys(CAPABILITIES) as Capability[];
  return new Set(names.filter((name) => (bits >> BigInt(CAPABILITIES[name])) & 1n));
}

export interface SocketOwner {
  /** `0.0.0.0`, or an address; IPv6 as `[::]` when it takes IPv4 as well. */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
  readonly uid: number;
}

/** Lines of /proc/net/udp and tcp. Listening sockets only for TCP (state 0A). */
export function parseSocketTable(text: string, kind: 'udp' | 'tcp'): readonly SocketOwner[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const [, local = '', , state = '', , , , uid = '', , inode = ''] = fields;
      const [hex = '', port = ''] = local.split(':');
      if (!/^([0-9A-F]{8}|[0-9A-F]{32})$/i.test(hex) || !/^[0-9A-F]{4}$/i.test(port)) return [];
      if (kind === 'tcp' && state !== '0A') return [];
      return [{ address: addressOf(hex), port: Number.parseInt(port, 16), inode, uid: Number(uid) }];
    });
}

/** The kernel prints each 32-bit word in the order of the machine, which is little-endian everywhere that counts. */
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)));
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.every((byte) => byte === 0)) return '[::]';
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (isMapped) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return `[${groups.join(':')}]`;
}

export function listSockets(host: HostView, kind: 'udp' | 'tcp'): readonly SocketOwner[] {
  return [`/proc/net/${kind}`, `/proc/net/${kind}6`].flatMap((path) => parseSocketTable(host.text(path) ?? '', kind));
}

export interface Holder {
  readonly pid: number;
  readonly name: string;
}

/** Which processes hold these sockets. Those of other users are visible to root alone. */
export function findHolders(host: HostView, inodes: ReadonlySet<string>): ReadonlyMap<string, Holder> {
  const found = new Map<string, Holder>();
  if (inodes.size === 0) return found;
  for (const pid of host.list('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of host.list(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(host.link(`/proc/${pid}/fd/${fd}`) ?? '')?.[1];
      if (inode === undefined || !inodes.has(inode) || found.has(inode)) continue;
      found.set(inode, { pid: Number(pid), name: host.text(`/proc/${pid}/comm`)?.trim() ?? 'unknown' });
    }
    if (found.size === inodes.size) break;
  }
  return found;
}
