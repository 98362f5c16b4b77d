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

export const progressText = (state: string): string => WORDS[state] ?? state;

/** What was told since the phase began: an older word is about another boot. */
export function progressNow({ phase, seen }: NodeState): BootProgress | undefined {
  const told = seen.bootProgress;
  return told === undefined || told.at < phase.since || told.state === 'None' ? undefined : told;
}
