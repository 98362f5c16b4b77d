/** What vendors do that the standard does not say. Data only: the code asks for a trait, never for a vendor. */

export interface QuirkTraits {
  /** The number that operators know is in SKU; SerialNumber is the board's. */
  readonly serialInSku?: boolean;
  /** Enabled, Target and Mode must come together, even where they do not change. */
  readonly fullBootPatch?: boolean;
  /** What IndicatorLED shows when nobody is looked for. */
  readonly restingLed?: 'Lit' | 'Off';
  /** ForceRestart hangs this machine: off, a pause, on. */
  readonly resetByCycle?: boolean;
  /** Names of hardware logs, the best first. */
  readonly logs?: readonly string[];
  /** Virtual media boot under this name. */
  readonly cdTarget?: string;
}

export interface Quirk extends QuirkTraits {
  readonly vendor: string;
  /** Tested against root Vendor, the first key of root Oem, System Manufacturer and Model, Manager Model, joined by `|`. */
  readonly match: RegExp;
  readonly seen: string;
}

export const QUIRKS: readonly Quirk[] = [
  {
    vendor: 'Dell',
    match: /^dell\b|\|dell\b/i,
    serialInSku: true,
    restingLed: 'Lit',
    logs: ['Sel'],
    seen: 'iDRAC9 6.00 on R750: SKU is the service tag, SerialNumber CN… is the board, the blue bar rests at Lit. Lclog holds 500 000 lines.',
  },
  {
    vendor: 'HPE',
    match: /^hpe?\b|\|hpe?\b|hewlett/i,
    logs: ['IML'],
    seen: 'iLO 5 2.72: IML is the hardware log, IEL and SL are audit logs.',
  },
  {
    vendor: 'Lenovo',
    match: /\blenovo\b/i,
    logs: ['PlatformLog', 'SEL'],
    seen: 'XCC 2.83: SEL may have no Entries link.',
  },
  {
    vendor: 'Lenovo',
    match: /SR675 V3/i,
    resetByCycle: true,
    seen: 'ThinkSystem SR675 V3 can hang on ForceRestart; off, 10 s, on is safe (libredfish).',
  },
  {
    vendor: 'Supermicro',
    match: /supermicro/i,
    fullBootPatch: true,
    cdTarget: 'UsbCd',
    logs: ['Log1'],
    seen: 'X11 to X13: Enabled must be sent always, a change of the device resets the mode, virtual media are UsbCd.',
  },
  {
    vendor: 'AMI',
    match: /\bami\b|megarac/i,
    fullBootPatch: true,
    logs: ['SEL'],
    seen: 'MegaRAC on DGX and Gigabyte: a PATCH without all three properties is refused or not taken.',
  },
  {
    vendor: 'OpenBMC',
    match: /openbmc/i,
    logs: ['EventLog', 'SEL'],
    seen: 'bmcweb: Journal, PostCodes and Dump are no hardware logs.',
  },
];

/** Rows further down add to those above and win where they say the same. */
export function traitsOf(description: string): QuirkTraits {
  return Object.assign(
    {},
    ...QUIRKS.filter((quirk) => quirk.match.test(description)).map(
      ({ vendor: _, match: __, seen: ___, ...traits }) => traits,
    ),
  );
}

export const vendorOf = (description: string): string | undefined =>
  QUIRKS.find((quirk) => quirk.match.test(description))?.vendor;
