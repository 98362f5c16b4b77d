import { confirmedKey, lesserNamesOf, ownNamesOf, sameMachine } from './identity.ts';
import { newest } from './newest.ts';
import { type AllLeft, EVIDENCE_KEPT, type NodeState, newNode } from './node.ts';
import type { NodeSpec } from './spec.ts';
import type { TimeMs } from './time.ts';

/**
 * Files may share out the names of a machine that left, or give one to a machine that is there. Which of them it is nobody
 * can say: what forbids goes to all that may be it, until somebody lifts it from each. Nothing else of it goes to several.
 */

type Gone = AllLeft[string];

/** By an operator, or by what was found out: until somebody lifts it. */
export const isForbidden = (node: NodeState): boolean => forbidWords(node).length > 0;

/** Nothing bounds how many there are of them. */
export function forbiddenOnly({ at, node }: Gone): NodeState {
  return { ...newNode(node.spec, at), ...forbidsOf(node) };
}

type Forbids = Partial<Pick<NodeState, 'intent' | 'health' | 'guard' | 'diskDoubt' | 'erased'>>;

function forbidsOf({ intent, health, guard, diskDoubt, erased }: NodeState): Forbids {
  return {
    ...(intent.is === 'hold' ? { intent } : {}),
    ...(health.is === 'conflict' ? { health } : {}),
    ...(guard === undefined ? {} : { guard }),
    ...(diskDoubt === undefined ? {} : { diskDoubt }),
    ...(erased === undefined ? {} : { erased }),
  };
}

/** Whether this one has had it: what was lifted there does not come again by the next load. */
export const wasGiven = ({ given }: Gone, spec: NodeSpec): boolean => given?.includes(confirmedKey(spec)) === true;

export interface Spread {
  readonly nodes: ReadonlyMap<string, NodeState>;
  readonly left: AllLeft;
}

/** `nodeNow`: what is known by now of the machine in that file. */
export function spreadForbidden(
  left: AllLeft,
  specs: readonly NodeSpec[],
  time: TimeMs,
  nodeNow: (spec: NodeSpec) => NodeState | undefined,
): Spread {
  const nodes = new Map<string, NodeState>();
  const forbidden = Object.entries(left).filter(([, { node }]) => isForbidden(node));
  if (forbidden.length === 0) return { nodes, left };
  const known = byAnyName(specs);
  const next = new Map(Object.entries(left));
  for (const [key, one] of forbidden) {
    const all = [...new Set(anyNamesOf(one.node.spec).flatMap((name) => known.get(name) ?? []))];
    const may = all.filter((spec) => sameMachine(one.node.spec, spec));
    for (const spec of may) {
      if (wasGiven(one, spec)) continue;
      const others = may.filter((other) => other !== spec).map(({ name }) => name);
      const now = nodes.get(spec.name) ?? nodeNow(spec) ?? newNode(spec, time);
      nodes.set(spec.name, withForbids(now, one.node, others, time));
    }
    // Of a single one it is known that it is that machine.
    if (may.length === 1) next.delete(key);
    else if (may.length > 1)
      next.set(key, { ...one, given: [...new Set([...(one.given ?? []), ...may.map(confirmedKey)])] });
  }
  return { nodes, left: Object.fromEntries(next) };
}

const anyNamesOf = (spec: NodeSpec): readonly string[] => [...ownNamesOf(spec.identity), ...lesserNamesOf(spec)];

function byAnyName(specs: readonly NodeSpec[]): ReadonlyMap<string, readonly NodeSpec[]> {
  const found = new Map<string, NodeSpec[]>();
  for (const spec of specs) {
    for (const name of anyNamesOf(spec)) {
      const same = found.get(name);
      if (same === undefined) found.set(name, [spec]);
      else same.push(spec);
    }
  }
  return found;
}

/** What forbids there already was said of this one itself, and stays. */
function withForbids(node: NodeState, gone: NodeState, others: readonly string[], at: TimeMs): NodeState {
  const forbids: Forbids = { ...forbidsOf(gone), ...forbidsOf(node) };
  const added = forbidWords({ ...gone, ...forbids }).filter((word) => !forbidWords(node).includes(word));
  if (added.length === 0) return node;
  const text = `inventory: it may be ${gone.name}, which left it${soMay(others)}: it is ${added.join(' and ')} as that was, until somebody lifts it here`;
  return { ...node, ...forbids, evidence: newest(node.evidence, { at, from: 'operator', text }, EVIDENCE_KEPT) };
}

const NAMED_MAX = 4;

function soMay(others: readonly string[]): string {
  if (others.length === 0) return '';
  const more = others.length > NAMED_MAX ? ` and ${others.length - NAMED_MAX} more` : '';
  return ` (so may ${others.slice(0, NAMED_MAX).join(', ')}${more})`;
}

function forbidWords({ intent, health, guard, diskDoubt, erased }: NodeState): readonly string[] {
  return [
    ...(intent.is === 'hold' ? ['held'] : []),
    ...(guard === undefined ? [] : ['protected']),
    ...(health.is === 'conflict' ? ['in conflict'] : []),
    ...(diskDoubt === undefined && erased === undefined ? [] : ['in doubt about its disk']),
  ];
}

const MAY_BE = /^inventory: it may be \S+, which left it/;

/** That it has what forbids of machines that left, by this load. */
export const mayBeLines = ({ evidence }: NodeState, at: TimeMs): readonly string[] =>
  evidence.filter((line) => line.at === at && MAY_BE.test(line.text)).map(({ text }) => text);
