import type { Socket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { fail, ok, type Result } from '../core/result.ts';
import { SO_BINDTOIFINDEX, SOL_SOCKET, type SocketOptions } from './socket-options.ts';
import { bindUdp, closeUdp, createUdp } from './udp-socket.ts';

/** A socket that hears everything for this port on one interface, and nothing from others; or why there is none. */
export async function openOnInterface(
  iface: string,
  port: number,
  native: SocketOptions | undefined,
): Promise<Result<Socket>> {
  const index = indexOf(iface);
  if (index === undefined) return fail(`there is no interface ${iface}`);
  const byScope = await bindByScope(iface, port, index, native);
  if (typeof byScope !== 'string') return ok(byScope);
  const byIndex = await bindByIndex(port, index, native);
  return typeof byIndex !== 'string' ? ok(byIndex) : fail(explain(byScope, byIndex, port));
}

const explain = (byScope: string, byIndex: string, port: number): string => {
  for (const code of [byScope, byIndex]) {
    if (code === 'EADDRINUSE')
      return `UDP port ${port} is taken by another program (a DHCP client of this host?): ss -ulnp 'sport = :${port}' names it`;
    if (code === 'EACCES' || code === 'EPERM') return `no permission for UDP port ${port} (cap_net_bind_service)`;
  }
  const way = byIndex === NO_NATIVE ? 'the optional package sockopt is not there' : `binding it says ${byIndex}`;
  if (byScope === 'bound') return `net.ipv6.ip_nonlocal_bind is set here, and ${way}`;
  return byScope === 'EAFNOSUPPORT'
    ? `IPv6 is switched off in the kernel, and ${way}`
    : `the interface cannot be singled out (${byScope}), and ${way}`;
};

/** Another one, where an interface was removed and made again under the same name. */
export function indexOf(iface: string): number | undefined {
  try {
    const index = Number(readFileSync(`/sys/class/net/${iface}/ifindex`, 'utf8'));
    return Number.isInteger(index) && index > 0 ? index : undefined;
  } catch {
    return undefined;
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'failed';

/** The socket, or the code of what went wrong. */
async function bindByScope(
  iface: string,
  port: number,
  wanted: number,
  native: SocketOptions | undefined,
): Promise<Socket | string> {
  const socket = createUdp('udp6', true);
  let code = await bindUdp(socket, port, `fe80::dead:beef:1%${iface}`).then(() => 'bound', codeOf);
  // Self-test: the error must be that of an address which is not there, and the kernel must name the interface.
  if (code === 'EADDRNOTAVAIL') {
    try {
      await bindUdp(socket, port, '::');
      socket.setBroadcast(true);
      const index = native?.get(socket, SOL_SOCKET, SO_BINDTOIFINDEX);
      if (index === undefined || index === wanted) return socket;
      code = `bound to interface ${index}`;
    } catch (error) {
      code = codeOf(error);
    }
  }
  await closeUdp(socket);
  return code;
}

const NO_NATIVE = 'no sockopt';

async function bindByIndex(port: number, index: number, native: SocketOptions | undefined): Promise<Socket | string> {
  if (native === undefined) return NO_NATIVE;
  const socket = createUdp('udp4', true);
  let code = 'EPERM';
  try {
    await bindUdp(socket, port, '0.0.0.0');
    if (native.set(socket, SOL_SOCKET, SO_BINDTOIFINDEX, index)) return socket;
  } catch (error) {
    code = codeOf(error);
  }
  await closeUdp(socket);
  return code;
}
