import type { BootProgress } from './bmc.ts';
import type { NodeState } from './node.ts';

const WORDS: Readonly<Record<string, string>> = {
  PrimaryProcessorInitializationStarted: 'POST: processor',
  BusInitializationStarted: 'POST: buses',
  MemoryInitializationStarted: 'POST: memory',
  SecondaryProcessorInitializationStarted: 'POST: processors',
  PCIResourceConfigStarted: 'POST: PCI cards',
  SystemHardwareInitializationComplete: 'POST is over',
  SetupEntered: 'in its setup menu',
  OSBootStarted: 'a system boots',
  OSRunning: 'a system runs',
  InPost: 'POST',
  InPostDiscoveryStart: 'POST: devices',
  InPostDiscoveryComplete: 'POST: devices known',
  FinishedPost: 'POST is over',
  PowerOff: 'off',
};

const OVER: ReadonlySet<string> = new Set([
  'SystemHardwareInitializationComplete',
  'OSBootStarted',
  'OSRunning',
  'FinishedPost',
]);
const UNTOLD: ReadonlySet<string> = new Set(['', 'None', 'Unknown', 'PowerOff']);

/** Is POST over, by the word of its BMC? A word that is not known, a vendor's own, is one of POST. */
export function postBy(progress: string | undefined): 'goesOn' | 'over' | 'untold' {
  if (progress === undefined || UNTOLD.has(progress)) return 'untold';
  return OVER.has(progress) ? 'over' : 'goesOn';
}

export const progressText = (state: string): string => WORDS[state] ?? state;

/** What was told since the phase began: an older word is about another boot. */
export function progressNow({ phase, seen }: NodeState): BootProgress | undefined {
  const told = seen.bootProgress;
  return told === undefined || told.at < phase.since || told.state === 'None' ? undefined : told;
}
