import type { SeenDisk } from '../../core/seen.ts';
import type { SimFaults } from './faults.ts';
import type { Personality } from './personality.ts';

/** What the simulated firmware is told when it starts: the override, used up by the asking. */
export interface SimBoot {
  readonly target: 'disk' | 'pxe' | 'uefiHttp' | 'cd' | 'other';
  readonly mode?: 'UEFI' | 'Legacy';
  readonly imageUrl?: string;
}

/** Hangs simulated firmware off the power button. Whoever takes part must ask `takeBoot` itself. */
export interface SimMachine {
  readonly powerOn?: () => void;
  readonly powerOff?: (how: 'graceful' | 'force') => void;
}

export interface SimIdentity {
  readonly serial: string;
  readonly sku: string;
  readonly boardSerial: string;
  readonly uuid: string;
  readonly asset: string;
  readonly macs: readonly string[];
  readonly hostName: string;
  /** What is in its bays; absent: two like many have. */
  readonly drives?: readonly SimDrive[];
}

export interface SimDrive {
  readonly model: string;
  readonly serial: string;
  readonly sizeBytes: number;
  /** Absent: NVMe, as most are. */
  readonly type?: SeenDisk['type'];
}

export interface BootShown {
  enabled: string;
  target: string;
  mode: string;
}

export interface SimState {
  readonly personality: Personality;
  readonly identity: SimIdentity;
  faults: SimFaults;
  power: 'On' | 'Off' | 'PoweringOn' | 'PoweringOff';
  inPost: boolean;
  progress: string;
  boot: BootShown;
  pending: BootShown;
  /** Set by a full payload while off, for the lying override that repents. */
  honest: boolean;
  /** Shown by those that have the property. */
  httpBootUri: string | undefined;
  led: string;
  media: Map<string, { image: string; inserted: boolean }>;
  log: { readonly at: Date; readonly severity: string; readonly text: string }[];
  etag: number;
  lastOffMs: number;
  readonly boots: SimBoot[];
  health: string;
}

/** A different and stable machine for each index. */
export function simIdentity(index: number): SimIdentity {
  const hex = index.toString(16).padStart(6, '0');
  const pair = (offset: number) => (hex.slice(offset, offset + 2) || '00').toLowerCase();
  const mac = (port: number) =>
    `b4:2e:99:${pair(0)}:${pair(2)}:${((Number.parseInt(pair(4), 16) & 0x3f) * 4 + port).toString(16).padStart(2, '0')}`;
  const number = String(index).padStart(5, '0');
  return {
    serial: `SN${number}XK`,
    sku: `TAG${number.slice(-4)}`,
    boardSerial: `CNBOARD${number}`,
    uuid: `4c4c4544-0043-3510-8052-b4c04f${hex}`,
    asset: `rack-7-${index}`,
    macs: [mac(0), mac(1)],
    hostName: `sim-${index}`,
  };
}

export function createSimState(personality: Personality, identity: SimIdentity, faults: SimFaults): SimState {
  return {
    personality,
    identity,
    faults,
    power: 'Off',
    inPost: false,
    progress: 'None',
    boot: { enabled: 'Disabled', target: 'None', mode: 'UEFI' },
    pending: { enabled: 'Disabled', target: 'None', mode: 'UEFI' },
    honest: false,
    httpBootUri: undefined,
    led: personality.led.resting,
    media: new Map(personality.media.slots.map((slot) => [slot.id, { image: '', inserted: false }])),
    log: [],
    etag: 1,
    lastOffMs: -1e12,
    boots: [],
    health: 'OK',
  };
}
