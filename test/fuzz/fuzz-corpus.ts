import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { damage } from '../protocols/seeded-noise.ts';

/** Inputs that reached code which no input before them reached; one in hex a line. `node test/fuzz/grow-corpus.ts` adds to them. */
const fileOf = (name: string): URL => new URL(`corpus/${name}.hex`, import.meta.url);

export function loadCorpus(name: string): readonly Uint8Array[] {
  if (!existsSync(fileOf(name))) return [];
  const lines = readFileSync(fileOf(name), 'latin1').split('\n');
  return lines.filter((line) => line !== '').map((line) => Uint8Array.from(Buffer.from(line, 'hex')));
}

export function saveCorpus(name: string, inputs: readonly Uint8Array[]): void {
  const lines = inputs.map((bytes) => Buffer.from(bytes).toString('hex'));
  writeFileSync(fileOf(name), lines.map((line) => `${line}\n`).join(''));
}

/** Cut or damaged, and now and then two of them in one. */
export function mutate(inputs: readonly Uint8Array[], random: () => number): Uint8Array {
  const pick = () => inputs[Math.floor(random() * inputs.length)] ?? new Uint8Array(0);
  const bytes = damage(pick(), random);
  if (random() > 0.15) return bytes;
  const other = pick();
  const at = Math.floor(random() * Math.min(bytes.length, other.length));
  return Uint8Array.from([...bytes.subarray(0, at), ...other.subarray(at)]);
}
