/** Edits between two words, a swap of neighbours counted as one; gives up above `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (above[column] ?? 0) + 1,
        (line[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (before[column - 2] ?? 0) + 1);
      line.push(cost);
    }
    if (Math.min(...line) > limit) return limit + 1;
    before = above;
    above = line;
  }
  return above[b.length] ?? limit + 1;
}

const plain = (name: string) => name.toLowerCase().replace(/[-_ .]/g, '');

/** The known name that was probably meant. Case, dashes and underscores do not count as a difference. */
export function nearestName(word: string, known: readonly string[]): string | undefined {
  const wanted = plain(word);
  if (wanted === '' || wanted.length > 40) return undefined;
  const limit = wanted.length <= 3 ? 1 : wanted.length <= 7 ? 2 : 3;
  let best: string | undefined;
  let bestCost = limit + 1;
  for (const name of known) {
    const cost = editDistance(wanted, plain(name), limit);
    if (cost < bestCost && cost < Math.max(wanted.length, plain(name).length)) {
      best = name;
      bestCost = cost;
    }
  }
  return best;
}

export function didYouMean(word: string, known: readonly string[]): string {
  const name = nearestName(word, known);
  return name === undefined ? '' : `; did you mean "${name}"?`;
}
