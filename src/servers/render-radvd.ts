/**
 * What iPXE needs in order not to wait for IPv6 (RFC 4861 4.2): any advertisement without the managed and other flags, which
 * would start DHCPv6. Without a lifetime we are nobody's router, and without a prefix nobody makes an address of it, so a
 * system that hears this too changes nothing in its network.
 */
export function renderRadvd(interfaces: readonly string[]): string {
  return interfaces.map(renderInterface).join('');
}

/** Machines solicit, and are answered at once; unasked ones are for a solicitation that was lost while a port came up. */
const renderInterface = (name: string): string => `interface ${name} {
  AdvSendAdvert on;
  IgnoreIfMissing on;
  MinRtrAdvInterval 3;
  MaxRtrAdvInterval 10;
  MinDelayBetweenRAs 3;
  AdvDefaultLifetime 0;
  AdvManagedFlag off;
  AdvOtherConfigFlag off;
  AdvSourceLLAddress on;
};
`;

/** The characters of a Linux interface name, of which none ends a word or a block in radvd.conf. */
export const isAdvertisable = (name: string): boolean => /^[A-Za-z0-9_.:@-]{1,15}$/.test(name);
