import { readFileSync } from 'node:fs';
import type { SubnetSpec } from '../core/spec.ts';
import { isAdvertisable } from './render-radvd.ts';

/** Where router advertisements go out: nowhere but on networks that the operator calls his alone. */
export function advertisedInterfaces(networks: readonly SubnetSpec[]): readonly string[] {
  const names = networks.flatMap((net) =>
    net.dedicated && net.dhcp !== 'off' && net.relay === undefined && net.interface !== undefined
      ? [net.interface]
      : [],
  );
  return [...new Set(names)].filter(isAdvertisable);
}

/** Why nothing can be advertised there; undefined also where the kernel does not tell. */
export function whyNoIpv6(name: string, readText: (path: string) => string | undefined = readHere): string | undefined {
  const table = readText('/proc/net/if_inet6');
  if (table === undefined) return 'the kernel has no IPv6';
  if (readText(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`)?.trim() === '1')
    return `IPv6 is switched off on ${name} (sysctl -w net.ipv6.conf.${name}.disable_ipv6=0)`;
  const linkLocal = table.split('\n').some((line) => line.startsWith('fe80') && line.trim().endsWith(` ${name}`));
  return linkLocal ? undefined : `${name} has no link-local IPv6 address yet`;
}

function readHere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
