import type { Fleet, Wave } from '../../core/fleet.ts';
import { viewWave } from '../../core/wave.ts';
import { erasingPhrase } from '../../core/wave-resume.ts';
import type { ActionId } from '../keys/action-id.ts';
import { quorumGroups } from '../select/quorum-groups.ts';
import type { TypedField } from './ui-state.ts';

/** The word before the count when several nodes are meant. What erases says so. */
const WORDS: { readonly [A in ActionId]?: string } = {
  install: 'INSTALL',
  wave: 'INSTALL',
  reinstall: 'ERASE',
  wipe: 'ERASE',
  waveErase: 'ERASE',
  inspect: 'INSPECT',
  rescue: 'RESCUE',
  powerOff: 'OFF',
  powerForceOff: 'OFF',
  powerCycle: 'CYCLE',
  powerReset: 'RESET',
  bootstrap: 'BOOTSTRAP',
  applyConfig: 'APPLY',
  talosReboot: 'REBOOT',
  trust: 'TRUST',
  unprotect: 'LIFT',
};

export const isWave = (action: ActionId): boolean => action === 'wave' || action === 'waveErase';

/** Typed behind the phrase of a wave: its control-plane nodes of one cluster may go at the same time. */
export const TOGETHER = ' TOGETHER';

/** One node: its name. Several: the count, with the word for what happens to them. */
export function phraseFor(action: ActionId, nodes: readonly string[]): string {
  const word = WORDS[action];
  if (word === undefined) return String(nodes.length);
  return nodes.length === 1 && !isWave(action) ? (nodes[0] ?? '') : `${word} ${nodes.length}`;
}

/** With the number of machines that have not begun: they are what it is about. */
export function wavePhrase(action: 'waveResume' | 'waveCancel', wave: Wave): string {
  const count = viewWave(wave).waiting.length;
  const erasing = action === 'waveResume' ? erasingPhrase(wave) : undefined;
  if (erasing !== undefined) return erasing;
  const word = action === 'waveCancel' ? 'CANCEL' : count === 0 ? 'RESUME' : wave.kind.toUpperCase();
  return count === 0 ? word : `${word} ${count}`;
}

export function phraseField(fleet: Fleet, action: ActionId, nodes: readonly string[]): TypedField {
  const phrase = phraseFor(action, nodes);
  const more = isWave(action) && quorumGroups(fleet, nodes).length > 0 ? { orElse: `${phrase}${TOGETHER}` } : {};
  return { label: phraseLabel(phrase, nodes), want: { exactly: phrase, ...more }, text: '' };
}

const phraseLabel = (phrase: string, nodes: readonly string[]): string =>
  phrase === nodes[0] ? 'Type the node name to go on:' : `Type  ${phrase}  to go on:`;
