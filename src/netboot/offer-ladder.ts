/**
 * Ways to put one boot file into an offer. Firmware that ignores the first is tried with the next at its next attempt;
 * what a machine took is remembered for it and for its model. Each row says for whom it is there.
 */
export interface OfferVariant {
  readonly name: string;
  /** The fixed `file` field of the packet. */
  readonly file: boolean;
  /** Option 67, and 66 with our address. */
  readonly options: boolean;
  /** Option 60 echoed as the bare class. UEFI HTTP boot ignores every offer without it for 60 s (seen on OVMF). */
  readonly vendorClass: boolean;
  /** Option 43 with discovery control 8: "use this file, ask nobody else". Never sent to iPXE. */
  readonly discovery: boolean;
  /** A NUL after the text of 66 and 67: ROMs that read options as C strings run into the next one without it. */
  readonly nul: boolean;
  readonly why: string;
}

const plain: OfferVariant = {
  name: 'plain',
  file: true,
  options: true,
  vendorClass: false,
  discovery: false,
  nul: false,
  why: 'OVMF, AAVMF, iPXE ROMs and undionly took it as it is',
};

export const PXE_LADDER: readonly OfferVariant[] = [
  plain,
  {
    ...plain,
    name: 'pxe21',
    vendorClass: true,
    discovery: true,
    why: 'ROMs that hold out for a PXE server by PXE 2.1',
  },
  { ...plain, name: 'fields', options: false, why: 'ROMs that read only the fields of BOOTP' },
  { ...plain, name: 'nul', nul: true, why: 'ROMs that read options as C strings' },
  { ...plain, name: 'class', vendorClass: true, why: 'UEFI that wants its class back but stops at option 43' },
];

const http: OfferVariant = {
  ...plain,
  name: 'http',
  file: false,
  vendorClass: true,
  why: 'UEFI HTTP boot as OVMF and AAVMF take it: class and URL as options',
};

export const HTTP_LADDER: readonly OfferVariant[] = [
  http,
  { ...http, name: 'httpNul', nul: true, why: 'firmware that reads option 67 as a C string' },
  { ...http, name: 'httpFile', file: true, why: 'firmware that looks for the URL in the file field' },
];

/** In proxy mode the class must be there: it is what tells our offer from that of the real server. */
export const PROXY_LADDER: readonly OfferVariant[] = [
  { ...plain, name: 'proxy', options: false, vendorClass: true, why: 'what every firmware in the lab took' },
  {
    ...plain,
    name: 'proxy43',
    options: false,
    vendorClass: true,
    discovery: true,
    why: 'legacy ROMs that want option 43',
  },
  { ...plain, name: 'proxyOptions', vendorClass: true, why: 'firmware that reads only options' },
];

export function offerVariantAt(ladder: readonly OfferVariant[], index: number): OfferVariant {
  return ladder[index % ladder.length] ?? plain;
}
