import type { Result } from '../../core/result.ts';
import { classifyDhcpClient } from '../../protocols/dhcp/classify-dhcp-client.ts';
import type { DhcpMessage } from '../../protocols/dhcp/dhcp-message.ts';
import { createOfficeDhcp, type OfficeBoot, type OfficeDhcp } from '../switch/office-dhcp.ts';
import type { PlannedMachine, PlannedNetwork, SimPortsOfSite } from './planned-machine.ts';

/** The number of its host in the segment: beside the rival's. */
const HOST = 67;

/**
 * The office's DHCP server of one network. With `dhcp: proxy` it says nothing of booting, but for machines with the fault
 * `rivalDhcp`, to which it hands its own boot file as a forgotten WDS does. With `dhcp: off` it names our boot files: so
 * its administrator has to set it up there.
 */
export function openOffice(
  network: PlannedNetwork,
  machines: readonly PlannedMachine[],
  ports: SimPortsOfSite,
): Promise<Result<OfficeDhcp>> {
  const address = `127.${network.net}.0.${HOST}`;
  const rivals = new Set(machines.filter((one) => one.faults.rivalDhcp === true).flatMap((one) => one.spec.macs));
  const reserved = new Map(machines.flatMap(({ ip, spec }) => (ip === undefined ? [] : [[spec.macs[0], ip] as const])));
  return createOfficeDhcp({
    address,
    pool: network.pool,
    reserved,
    bootFor: (message) => {
      const { kind } = classifyDhcpClient(message);
      if (kind === 'os') return undefined;
      // A forgotten server knows nothing of iPXE, and its class makes firmware ask nobody else.
      if (rivals.has(message.mac) && kind === 'pxe')
        return { file: 'pxelinux.0', nextServer: address, vendorClass: 'PXEClient' };
      return network.dhcp === 'off' ? ourBoot(message, network.server, ports) : undefined;
    },
  });
}

const LOADERS = { bios: 'undionly.kpxe', uefi: 'snponly.efi', arm64: 'ipxe-arm64.efi' } as const;

function ourBoot(message: DhcpMessage, server: string, { http }: SimPortsOfSite): OfficeBoot {
  const client = classifyDhcpClient(message);
  const base = `http://${server}:${http}`;
  if (client.kind === 'ipxe') return { file: `${base}/boot.ipxe`, nextServer: server };
  const arch = client.kind === 'os' ? undefined : client.arch;
  const loader = arch?.firmware === 'bios' ? LOADERS.bios : arch?.cpu === 'arm64' ? LOADERS.arm64 : LOADERS.uefi;
  return client.kind === 'httpBoot'
    ? { file: `${base}/b/${loader}`, nextServer: server, vendorClass: 'HTTPClient' }
    : { file: loader, nextServer: server };
}
