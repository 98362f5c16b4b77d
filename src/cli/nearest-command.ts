import type { Command } from './command.ts';

/** The command that differs by the fewest letters, if it is close enough to be a slip. */
export function nearestCommand(word: string, commands: readonly Command[]): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const { name } of commands) {
    const distance = name.startsWith(word) ? 1 : lettersApart(word, name);
    if (distance <= 2 && (best === undefined || distance < best.distance)) best = { name, distance };
  }
  return best?.name;
}

function lettersApart(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
