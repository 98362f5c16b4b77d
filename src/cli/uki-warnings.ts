import type { NodeSpec } from '../core/spec.ts';

/** What a signed UKI cannot be told, and what that means for this machine; said before it is armed. */
export function ukiWarnings({ network, talos }: NodeSpec, configured: boolean): readonly string[] {
  const wanted = network.bond ?? network.vlan;
  const untold = [
    ...(talos.kernelArgs.length === 0 ? [] : [`its kernel arguments (${talos.kernelArgs.join(' ')})`]),
    ...(network.vlan === undefined ? [] : [`VLAN ${network.vlan}`]),
    ...(network.bond === undefined ? [] : [`bond ${network.bond.name}`]),
  ];
  return [
    'the signed UKI is loaded by UEFI HTTP boot as it is: no kernel argument, no configuration URL and no event sink can be passed',
    ...(untold.length === 0
      ? []
      : [
          `not passed: ${untold.join(', ')}; what must be there at boot belongs in its schematic (talos.schematic.kernelArgs)`,
        ]),
    wanted === undefined
      ? 'until it is configured it takes its address by DHCP'
      : 'until it is configured it takes its address by DHCP, untagged, on its first link: without that it is not reached',
    ...(configured
      ? [
          'its configuration is applied by its API (port 50000) in maintenance mode; until then only that port tells where it stands',
        ]
      : ['only its API (port 50000) tells that it is up']),
    'nothing halts it on a disk with Talos: it then runs from that disk, and nothing is installed',
    'after the install it goes through firmware (no kexec under Secure Boot); keys must be enrolled already',
  ];
}
