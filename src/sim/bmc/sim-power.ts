import type { SimBoot, SimMachine, SimState } from './sim-state.ts';

/** The power button and what follows from it, in scaled time. */
export interface SimPower {
  press(type: string): void;
  /** What the firmware boots now. A `Once` is used up by this. */
  takeBoot(): SimBoot;
  /** The cord is pulled: off at once, and nothing that was under way goes on. */
  loseMains(): void;
  close(): void;
}

const TARGETS: Readonly<Record<string, SimBoot['target']>> = {
  None: 'disk',
  Hdd: 'disk',
  Pxe: 'pxe',
  UefiBootNext: 'pxe',
  UefiHttp: 'uefiHttp',
  Cd: 'cd',
  UsbCd: 'cd',
  'CD/DVD': 'cd',
};

function chooseBoot(state: SimState): SimBoot {
  const { boot, pending, faults } = state;
  const shown = pending.enabled === 'Disabled' ? boot : pending;
  const lies = faults.lyingOverride === 'always' || (faults.lyingOverride === 'untilFullAndOff' && !state.honest);
  if (shown.enabled === 'Disabled' || lies) return { target: 'disk' };
  const target = TARGETS[shown.target] ?? 'other';
  const image = [...state.media.values()].find((slot) => slot.inserted)?.image;
  return {
    target,
    mode: shown.mode === 'Legacy' ? 'Legacy' : 'UEFI',
    ...(target === 'cd' && image !== undefined ? { imageUrl: image } : {}),
  };
}

function spendOverride(state: SimState): void {
  for (const shown of [state.boot, state.pending]) {
    if (shown.enabled === 'Once') Object.assign(shown, { enabled: 'Disabled', target: 'None' });
  }
  state.etag += 1;
}

/** Before the end of POST: forgotten by a restart in it, or kept in mind. */
function readEarly(state: SimState): SimBoot | undefined {
  const { faults } = state;
  const losing = faults.losesOrder ?? 0;
  if (losing === 0 && faults.takesOrderEarly !== true) return undefined;
  const choice = chooseBoot(state);
  spendOverride(state);
  if (losing === 0) return choice;
  state.faults = { ...faults, losesOrder: losing - 1 };
  return undefined;
}

export function createSimPower(
  state: SimState,
  machine: SimMachine | undefined,
  msOf: (seconds: number) => number,
): SimPower {
  const timers = new Set<NodeJS.Timeout>();
  const { times } = state.personality;
  const after = (seconds: number, then: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      then();
    }, msOf(seconds));
    timers.add(timer);
  };
  const stopTimers = () => {
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
  };

  /** What firmware read before the end of POST. */
  let taken: SimBoot | undefined;

  const takeBoot = (): SimBoot => {
    const choice = taken ?? chooseBoot(state);
    taken = undefined;
    spendOverride(state);
    state.boots.push(choice);
    return choice;
  };

  const startPost = () => {
    state.power = 'On';
    state.inPost = true;
    state.progress = 'MemoryInitializationStarted';
    state.log.push({ at: new Date(), severity: 'OK', text: 'System power on' });
    taken = readEarly(state);
    machine?.powerOn?.();
    after(state.faults.postMinutes === undefined ? times.postS : state.faults.postMinutes * 60, () => {
      state.inPost = false;
      state.progress = 'OSBootStarted';
      // With firmware hung off it, that firmware asks by itself.
      if (machine === undefined) takeBoot();
    });
  };

  const turnOff = (how: 'graceful' | 'force', seconds: number, then?: () => void) => {
    stopTimers();
    state.power = 'PoweringOff';
    state.inPost = false;
    after(seconds, () => {
      state.power = 'Off';
      state.progress = 'None';
      state.lastOffMs = performance.now();
      state.log.push({ at: new Date(), severity: 'OK', text: 'System power off' });
      machine?.powerOff?.(how);
      then?.();
    });
  };

  const turnOn = () => {
    stopTimers();
    state.power = 'PoweringOn';
    after(times.powerS, startPost);
  };

  const restart = () => {
    stopTimers();
    machine?.powerOff?.('force');
    startPost();
  };

  return {
    press(type) {
      if (state.faults.powerStuck) return;
      if (type === 'On' || type === 'ForceOn') return turnOn();
      if (type === 'ForceOff') return turnOff('force', times.powerS);
      if (type === 'GracefulShutdown') return turnOff('graceful', times.shutdownS);
      if (type === 'PowerCycle') return turnOff('force', times.powerS, turnOn);
      if (type === 'PushPowerButton') return state.power === 'On' ? turnOff('graceful', times.shutdownS) : turnOn();
      if (/Restart/.test(type)) return restart();
    },
    takeBoot,
    loseMains() {
      stopTimers();
      Object.assign(state, { power: 'Off', inPost: false, progress: 'None', lastOffMs: performance.now() });
    },
    close: stopTimers,
  };
}
