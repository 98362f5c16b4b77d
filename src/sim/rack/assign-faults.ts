import { fail, ok, type Result } from '../../core/result.ts';
import type { MachineFaults } from '../machine/machine-faults.ts';
import { createRandom } from '../run/random.ts';
import type { PlannedMachine } from './planned-machine.ts';

/** Faults that can be asked for by name, with what each does when it is on. */
const SWITCHED_ON = {
  lyingOverride: { lyingOverride: true },
  duplicateUuid: {},
  wrongDisk: { wrongDisk: true },
  tftpLoss: { tftpLoss: 0.1 },
  tftpStalls: { tftpStalls: 1 },
  rivalDhcp: { rivalDhcp: true },
  kernelPanic: { kernelPanic: true },
  installFails: { installFails: true },
  bootLoop: { bootLoop: true },
  offerIgnored: { offerIgnored: true },
  ipxeHangs: { ipxeHangs: 1 },
  slowDownload: { slowDownload: true },
  downloadStalls: { downloadStalls: 1 },
  noEventSink: { noEventSink: true },
  noKernelLog: { noKernelLog: true },
  replaysReports: { replaysReports: true },
  firmwareReboot: { firmwareReboot: true },
  deadApi: { deadApi: true },
  haltsInstalled: { haltsInstalled: true },
  configRejected: { configRejected: true },
  deadAfterInstall: { deadAfterInstall: true },
  neverReady: { neverReady: true },
  awaitsBootstrap: { awaitsBootstrap: true },
  noBmc: { noBmc: true },
  slowBmc: { bmc: { slowS: 20 } },
  deadPower: { bmc: { powerStuck: true } },
  deafBmc: { bmc: { deafOverride: true } },
  wrongPassword: { bmc: { wrongPassword: true } },
  fullBmc: { bmc: { sessionLimit: true } },
  flappingBmc: { bmc: { flapping: 0.25 } },
  unavailableBmc: { bmc: { unavailable: 6 } },
  etagBmc: { bmc: { wrongEtag: true } },
  cutBmc: { bmc: { cutMidBody: 1_000_000 } },
  longPost: { bmc: { postMinutes: 12 } },
} as const satisfies Readonly<Record<string, MachineFaults>>;

export type FaultName = keyof typeof SWITCHED_ON;
export const FAULT_NAMES = Object.keys(SWITCHED_ON).sort() as readonly FaultName[];

export interface FaultWish {
  readonly fault: FaultName;
  /** A machine by name, or so many by chance. */
  readonly on: string | number;
  /** As far as there is room for it: a rack must not be mostly faults that nobody asked for by name. */
  readonly atMost?: true;
}

/** What a newcomer should meet in a rack of 24. */
const SOME: readonly FaultWish[] = (
  [
    'lyingOverride',
    'duplicateUuid',
    'wrongDisk',
    'tftpStalls',
    'kernelPanic',
    'haltsInstalled',
    'noBmc',
    'rivalDhcp',
  ] as const
).map((fault) => ({ fault, on: 1, atMost: true }));

/** Faults of the way from ROM to loader: iPXE in ROM has no such way, HTTP boot no TFTP and no place for a rival. */
const NEEDS: Readonly<Partial<Record<FaultName, 'tftp' | 'loader'>>> = {
  tftpLoss: 'tftp',
  tftpStalls: 'tftp',
  rivalDhcp: 'tftp',
  offerIgnored: 'loader',
  ipxeHangs: 'loader',
};

/** Faults of a control plane: a worker that has one shows nothing of it. */
const OF_CONTROL_PLANES: ReadonlySet<FaultName> = new Set(['awaitsBootstrap']);

function suits(machine: PlannedMachine, fault: FaultName): boolean {
  if (OF_CONTROL_PLANES.has(fault)) return machine.role === 'controlplane';
  const need = NEEDS[fault];
  const { firmware } = machine.spec;
  if (need === undefined) return true;
  return firmware !== 'bios-ipxe-rom' && (need === 'loader' || !firmware.endsWith('-http'));
}

const isFaultName = (text: string): text is FaultName => Object.hasOwn(SWITCHED_ON, text);

/** `none`, `some`, or a list: `kernelPanic, tftpLoss:3, wrongDisk:r01-u07`. */
export function parseFaults(text: string): Result<readonly FaultWish[]> {
  const items = text.split(/[\s,]+/).filter((item) => item !== '');
  if (items.length === 0 && text.includes(','))
    return fail('there is nothing between the commas; --faults help tells what there is');
  if (items.length === 0) return fail('the list of faults is empty: none is the word for no fault');
  if (items.join() === 'none') return ok([]);
  const wishes: FaultWish[] = [];
  for (const item of items) {
    if (item === 'none') return fail('none goes alone: leave it out, or the others');
    if (item === 'some') {
      wishes.push(...SOME);
      continue;
    }
    const [name = '', on = '1', ...more] = item.split(/[:=]/);
    if (!isFaultName(name)) {
      return fail(`there is no fault "${name.slice(0, 40)}"; --faults help tells what there is`);
    }
    if (more.length > 0) return fail(`${item} says more than how many or which machine`);
    const count = /^\d{1,5}$/.test(on) ? Number(on) : on;
    if (count === 0 || count === '') return fail(`${item} is for no machine: say how many or which, or leave it out`);
    wishes.push({ fault: name, on: count });
  }
  return ok(wishes);
}

/** Of what nobody asked for by name, one machine in so many has a fault. */
const ONE_IN = 3;

/** The control planes; in a small rack the one that its file protects, and the one that a newcomer installs first. */
const sparedOf = (count: number): number => (count > 8 ? 3 : 2);

const countOf = (count: number): string => (count === 1 ? '1 machine' : `${count} machines`);

/** Each fault by chance meets a machine that has none yet; the first ones are spared. */
export function assignFaults<M extends PlannedMachine>(
  machines: readonly M[],
  wishes: readonly FaultWish[],
  seed: number,
): Result<readonly M[]> {
  const random = createRandom(`${seed}/faults`);
  const known = machines.filter((one) => one.isKnown);
  const spared = known.slice(0, sparedOf(known.length));
  const others = random.shuffle(known.slice(spared.length));
  // A small rack may have nobody else for a fault that is asked for: the first machine, which refuses, comes last.
  let free = spared.length > 2 ? others : [...others, ...spared.toReversed()];
  const isOpen = (one: M) => !spared.includes(one);
  let room = Math.floor(known.length / ONE_IN);
  const given = new Map<string, FaultName[]>();
  for (const { fault, on, atMost } of wishes) {
    if (typeof on === 'string' && !known.some((one) => one.spec.name === on)) {
      return fail(`the fault ${fault} is for ${on}, and there is no such machine`);
    }
    if (OF_CONTROL_PLANES.has(fault) && known.some((one) => one.spec.name === on && one.role === 'worker'))
      return fail(`the fault ${fault} is one of control planes, and ${on} is a worker`);
    // Those that are spared have this one, or nobody had.
    const from = OF_CONTROL_PLANES.has(fault) ? known : atMost === true ? free.filter(isOpen) : free;
    const most = typeof on === 'string' ? 0 : atMost === true ? Math.min(on, room) : on;
    const chosen = from.filter((one) => suits(one, fault)).slice(0, most);
    if (typeof on === 'number' && chosen.length < on && atMost !== true)
      return fail(
        `the fault ${fault} is for ${countOf(on)}, and here ${chosen.length === 0 ? 'none' : `only ${countOf(chosen.length)}`} can have it`,
      );
    if (atMost === true) room -= chosen.length;
    free = free.filter((one) => !chosen.includes(one));
    const names = typeof on === 'string' ? [on] : chosen.map((one) => one.spec.name);
    for (const name of names) given.set(name, [...(given.get(name) ?? []), fault]);
  }
  return ok(machines.map((one) => withFaults(one, given.get(one.spec.name) ?? [], known)));
}

function withFaults<M extends PlannedMachine>(machine: M, faults: readonly FaultName[], known: readonly M[]): M {
  if (faults.length === 0) return machine;
  return { ...faults.reduce((now, fault) => withFault(now, fault, known), machine), wrong: faults };
}

function withFault<M extends PlannedMachine>(machine: M, fault: FaultName, known: readonly M[]): M {
  const { spec } = machine;
  const set: MachineFaults = SWITCHED_ON[fault];
  const faults = {
    ...machine.faults,
    ...set,
    ...(set.bmc === undefined ? {} : { bmc: { ...machine.faults.bmc, ...set.bmc } }),
  };
  const [first, ...rest] = spec.disks;
  if (first === undefined) return { ...machine, faults };
  switch (fault) {
    case 'duplicateUuid': {
      const twin = known.find((one) => one.spec.name !== spec.name);
      return twin === undefined ? machine : { ...machine, faults: { ...faults, duplicateUuid: twin.spec.uuid } };
    }
    // The lie shows only where there is something on the disk to boot.
    case 'lyingOverride': {
      const content = { is: 'otherSystem' as const, hostName: `old-${spec.name}` };
      const bmc = { ...faults.bmc, lyingOverride: 'always' as const };
      const disks = [{ ...first, content }, ...rest];
      return {
        ...machine,
        isOnAtStart: true,
        faults: { ...faults, bmc },
        spec: { ...spec, disks, bootOrder: 'diskFirst' },
      };
    }
    case 'wrongDisk': {
      const disks = spec.disks.map((disk) => {
        const { serial, wwid, byId, ...info } = disk.info;
        return { ...disk, info: { ...info, serial: `X${serial ?? ''}`, wwid: `${wwid ?? 'eui'}0`, byId: [] } };
      });
      return { ...machine, faults, spec: { ...spec, disks } };
    }
    case 'haltsInstalled': {
      const mode = spec.firmware.startsWith('bios') ? ('bios' as const) : ('uefi' as const);
      const content = { is: 'talos' as const, version: 'v1.12.4', mode };
      return { ...machine, faults, spec: { ...spec, disks: [{ ...first, content }, ...rest] } };
    }
    default:
      return { ...machine, faults };
  }
}
