import type { ParsedNode } from './parse-node.ts';
import { type Report, renderPlace } from './report.ts';

const overlap = (a: ParsedNode, b: ParsedNode): boolean => {
  const [one, two] = [a.node.place, b.node.place];
  if (one.unit === undefined || two.unit === undefined) return false;
  if (one.unit + one.height <= two.unit || two.unit + two.height <= one.unit) return false;
  return one.slot === undefined || two.slot === undefined || one.slot.toLowerCase() === two.slot.toLowerCase();
};

/** Two machines in the same rack units, unless they are different slots of one chassis. Units count from below. */
export function findRackOverlaps(nodes: readonly ParsedNode[], report: Report): void {
  const units = new Map<string, ParsedNode[]>();
  for (const one of nodes) {
    const { rack, unit, height, slot } = one.node.place;
    if (rack === undefined) {
      if (unit !== undefined) report.warn(one.reading.at('unit'), 'unit: in which rack? write rack: r07');
      continue;
    }
    if (unit === undefined) {
      if (slot !== undefined) report.warn(one.reading.at('slot'), 'slot: in which unit? write unit: 33');
      continue;
    }
    let other: ParsedNode | undefined;
    for (let at = unit; at < unit + height; at += 1) {
      const key = `${rack.toLowerCase()} ${at}`;
      const there = units.get(key) ?? [];
      other ??= there.find((earlier) => overlap(one, earlier));
      if (there.length === 0) units.set(key, there);
      there.push(one);
    }
    if (other === undefined) continue;
    const where = `${other.node.name} at ${renderPlace(other.reading.at('unit'))}`;
    report.error(one.reading.at('unit'), `rack ${rack} unit ${unit} is taken by ${where}; check unit, height and slot`);
  }
}
