import * as v from 'valibot';
import type { Report } from './report.ts';
import { describeTree, findTree, type MapTree, type Spot, spotOf, type TreePath, toPlain } from './yaml-tree.ts';

/** A map that went through its shape, with the means to point at any value of it. */
export interface Reading<T> {
  readonly value: T;
  readonly report: Report;
  at(...path: TreePath): Spot;
  /** Written, but of a wrong kind: already reported, so its absence is none. */
  isBroken(...path: TreePath): boolean;
}

const ROUNDS = 40;

function stepsOf(issue: v.BaseIssue<unknown>): (string | number)[] {
  return (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
}

/** Takes away the smallest map entry that holds the issue, so that the rest can still be checked. */
function dropValue(plain: unknown, path: TreePath): TreePath {
  const lastName = path.findLastIndex((step) => typeof step === 'string');
  const target = path.slice(0, lastName + 1);
  let here = plain as Record<string | number, unknown>;
  for (const step of target.slice(0, -1)) here = here[step] as Record<string | number, unknown>;
  const last = target.at(-1);
  if (last !== undefined) delete here[last];
  return target;
}

/**
 * Every value of a wrong kind is reported at its place and then counts as absent: one bad key hides no other problem.
 * All keys of a shape are optional, so an empty map always fits.
 */
export function readShape<const T extends v.GenericSchema>(
  schema: T,
  tree: MapTree,
  report: Report,
): Reading<v.InferOutput<T>> {
  const plain = toPlain(tree);
  const broken = new Set<string>();
  const reading = (value: v.InferOutput<T>): Reading<v.InferOutput<T>> => ({
    value,
    report,
    at: (...path) => spotOf(tree, path),
    isBroken: (...path) => path.some((_, index) => broken.has(path.slice(0, index + 1).join('.'))),
  });
  for (let round = 0; round < ROUNDS; round += 1) {
    const result = v.safeParse(schema, plain);
    if (result.success) return reading(result.output);
    const dropped = new Set<string>();
    for (const issue of result.issues) {
      const path = stepsOf(issue);
      const spot = spotOf(tree, path);
      const found = findTree(tree, path);
      const kind = /^expected(?!.*did you mean)/.test(issue.message) ? `; found ${describeTree(found)}` : '';
      report.error(spot, `${path.join('.')}: ${issue.message}${kind}`);
      // Two issues in one list drop the list once.
      const key = path.join('.');
      if (![...dropped].some((gone) => key === gone || key.startsWith(`${gone}.`))) {
        const target = dropValue(plain, path).join('.');
        dropped.add(target);
        broken.add(target);
      }
    }
  }
  return reading(v.parse(schema, {}));
}
