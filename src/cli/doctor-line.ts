/** One thing that was looked at: fine, worth knowing, or in the way of a boot; and what a person can do about it. */
export interface DoctorLine {
  readonly state: 'ok' | 'warn' | 'fail';
  readonly check: string;
  readonly what: string;
  readonly advice?: string;
}

export type Finding = Omit<DoctorLine, 'check'>;
export type Say = (finding: Finding) => void;

export const fine = (what: string): Finding => ({ state: 'ok', what });
export const warn = (what: string, advice: string): Finding => ({ state: 'warn', what, advice });
export const bad = (what: string, advice: string): Finding => ({ state: 'fail', what, advice });

const WORDS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

export function renderDoctorLine(line: DoctorLine): string {
  const advice = line.advice === undefined ? '' : `  \u2014 ${line.advice}`;
  return `${WORDS[line.state]}  ${line.check}: ${line.what}${advice}`;
}

/** `r07-u01, r07-u02 and 38 more`: forty machines with the same trouble are one line. */
export function listNames(names: readonly string[], shown = 3): string {
  if (names.length <= shown + 1) return names.join(', ');
  return `${names.slice(0, shown).join(', ')} and ${names.length - shown} more`;
}
