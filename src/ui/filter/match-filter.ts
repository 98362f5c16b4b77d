import { openDrift } from '../../core/drift.ts';
import type { NodeState } from '../../core/node.ts';
import { isProtected } from '../../core/protection.ts';
import { addressOf, imageOf, isProblem, lookOf, rackOf, reasonOf, sinceOf } from '../select/node-look.ts';
import type { FilterKey, FilterTerm } from './parse-filter.ts';

/** What the terms are held against; compiled once per flush, not once per row and frame. */
export interface FilterScene {
  readonly nowMs: number;
  readonly marks: ReadonlySet<string>;
}

export function matchesFilter(node: NodeState, terms: readonly FilterTerm[], scene: FilterScene): boolean {
  return terms.every((term) => matchesTerm(node, term, scene) !== term.not);
}

function matchesTerm(node: NodeState, term: FilterTerm, scene: FilterScene): boolean {
  switch (term.by) {
    case 'age': {
      const age = scene.nowMs - sinceOf(node);
      return term.than === '>' ? age >= term.ms : age < term.ms;
    }
    case 'group':
      return matchesGroup(node, term.text, scene);
    case 'text':
      return matchesText(node, term.text);
    default:
      return matchesKey(node, term.by, term.text);
  }
}

function matchesGroup(node: NodeState, word: string, scene: FilterScene): boolean {
  if (word === 'drift' || word === 'differs') return openDrift(node).length > 0;
  if ('marked'.startsWith(word)) return scene.marks.has(node.name);
  if ('problem'.startsWith(word)) return isProblem(node);
  if ('protected'.startsWith(word)) return isProtected(node);
  return lookOf(node).group.startsWith(word) || node.name.toLowerCase().includes(word);
}

function matchesText(node: NodeState, text: string): boolean {
  return [
    node.name,
    addressOf(node),
    reasonOf(node),
    node.seen.mac ?? '',
    node.spec.identity.serial ?? '',
    ...node.spec.identity.macs,
  ].some((field) => field.toLowerCase().includes(text));
}

function matchesKey(node: NodeState, key: FilterKey, text: string): boolean {
  const has = (value: string | undefined) => value?.toLowerCase().includes(text) === true;
  switch (key) {
    case 'rack':
      return (
        text === '' ||
        rackOf(node).toLowerCase() === text ||
        (text.endsWith('*') && rackOf(node).toLowerCase().startsWith(text.slice(0, -1)))
      );
    case 'phase':
      return node.phase.is.toLowerCase().startsWith(text) || lookOf(node).word.slice(1).toLowerCase().startsWith(text);
    case 'ip':
      return addressOf(node).startsWith(text);
    case 'mac':
      return has(node.seen.mac) || node.spec.identity.macs.some((mac) => mac.includes(text));
    case 'role':
      return has(node.spec.role);
    case 'image':
      return has(imageOf(node));
    case 'cluster':
      return has(node.spec.cluster);
    case 'profile':
      return has(node.spec.profile);
    case 'unit':
      return text === '' || String(node.spec.place.unit ?? '') === text;
    case 'code':
      return node.health.is !== 'ok' && has(node.health.code);
    case 'label':
      return Object.entries(node.spec.labels).some(([name, value]) => `${name}=${value}`.toLowerCase().includes(text));
    case 'job':
      return has(node.job?.kind) || (text === '' && node.job !== undefined);
  }
}
