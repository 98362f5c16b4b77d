import { dell6, dell7 } from './personalities-dell.ts';
import { ilo5, ilo6 } from './personalities-hpe.ts';
import { megarac, openbmc, xcc } from './personalities-other.ts';
import { x10, x11 } from './personalities-supermicro.ts';
import type { Personality, PersonalityName } from './personality.ts';

export const PERSONALITIES: readonly Personality[] = [dell6, dell7, ilo5, ilo6, x10, x11, xcc, megarac, openbmc];

export function personalityOf(name: PersonalityName): Personality {
  const found = PERSONALITIES.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no personality ${name}`);
  return found;
}
