/** One bond option under its three names: kernel and `bond=`, `machine.network.…bond`, and BondConfig. */

/** Where camel case alone does not give Talos' name. */
const ODD_NAMES: Readonly<Record<string, { readonly main: string; readonly document: string }>> = {
  mode: { main: 'mode', document: 'bondMode' },
  arp_ip_target: { main: 'arpIPTarget', document: 'arpIpTargets' },
  resend_igmp: { main: 'resendIGMP', document: 'resendIGMP' },
  num_grat_arp: { main: 'numPeerNotif', document: 'numPeerNotif' },
  num_unsol_na: { main: 'numPeerNotif', document: 'numPeerNotif' },
};

const LISTS: readonly string[] = ['arpIPTarget', 'arpIpTargets'];

export function kernelBondOption(name: string): string {
  const odd = Object.entries(ODD_NAMES).find(([, names]) => names.main === name || names.document === name);
  return odd?.[0] ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The options as fields, `into` the old shape or the document. Talos wants plain numbers where the kernel does. */
export function bondFields(
  options: Readonly<Record<string, string>>,
  into: 'main' | 'document',
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      const kernel = kernelBondOption(name);
      const key =
        ODD_NAMES[kernel]?.[into] ?? kernel.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
      if (LISTS.includes(key)) return [key, value.split(/[,;]/)];
      if (key === 'useCarrier') return [key, value === '1' || value === 'true'];
      return [key, /^\d+$/.test(value) ? Number(value) : value];
    }),
  );
}
