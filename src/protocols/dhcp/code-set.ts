/** Codes of options as bits, 32 to a number: a few of them are asked about for every option of every packet. */
export type CodeSet = number[];

export const createCodeSet = (): CodeSet => [0, 0, 0, 0, 0, 0, 0, 0];

export function codeSetOf(codes: Uint8Array): CodeSet {
  const set = createCodeSet();
  for (let i = 0; i < codes.length; i += 1) includeCode(set, codes[i] ?? 0);
  return set;
}

export function includeCode(set: CodeSet, code: number): void {
  set[code >> 5] = (set[code >> 5] ?? 0) | (1 << (code & 31));
}

export const holdsCode = (set: CodeSet, code: number): boolean => ((set[code >> 5] ?? 0) & (1 << (code & 31))) !== 0;
