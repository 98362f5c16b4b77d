import { RECEIVE_BUFFER_BYTES } from '../servers/receive-buffer.ts';
import { type Capability, type HostView, readCapabilities, readNumber } from './doctor-proc.ts';

/**
 * What the program needs of root as long as it runs: a service that is restarted binds its port again, a thread that died is
 * replaced by one that listens on port 80, and a reload may call for router advertisements. The right to configure
 * networks goes along only where the system's limit leaves no other way to a receive buffer that a boot storm fits in.
 */
export function keptCapabilities(host: HostView): readonly Capability[] {
  const held = readCapabilities(host);
  const most = readNumber(host, '/proc/sys/net/core/rmem_max') ?? RECEIVE_BUFFER_BYTES;
  const wanted: readonly Capability[] = [
    'CAP_NET_BIND_SERVICE',
    'CAP_NET_RAW',
    ...(most < RECEIVE_BUFFER_BYTES ? (['CAP_NET_ADMIN'] as const) : []),
  ];
  return wanted.filter((name) => held?.has(name) !== false);
}
