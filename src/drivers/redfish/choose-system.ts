import type { BmcProblem } from '../../core/bmc.ts';
import { canonicalUuid } from '../../core/identity.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';
import { type Json, linkOf, objectAt, samePath, textAt } from './json.ts';

/** A system that can be reset is a machine; everything else in the collection is a decoy. */

const DECOYS = new Set(['dpu', 'virtual', 'composed', 'os']);

export interface SystemCandidate {
  readonly path: string;
  readonly json: Json;
}

export function isRealSystem(json: Json): boolean {
  if (objectAt(json, 'Actions', '#ComputerSystem.Reset') === undefined) return false;
  return !DECOYS.has((textAt(json, 'SystemType') ?? '').toLowerCase());
}

function answersTo(candidate: SystemCandidate, wanted: string): boolean {
  const own = linkOf(candidate.json) ?? candidate.path;
  if (samePath(own, wanted) || samePath(candidate.path, wanted)) return true;
  const names = [textAt(candidate.json, 'Id'), textAt(candidate.json, 'Name'), textAt(candidate.json, 'SerialNumber')];
  if (names.some((name) => name?.toLowerCase() === wanted.toLowerCase())) return true;
  if ((candidate.path.replace(/\/+$/, '').split('/').at(-1) ?? '') === wanted) return true;
  const uuid = canonicalUuid(wanted);
  return uuid !== undefined && uuid === canonicalUuid(textAt(candidate.json, 'UUID'));
}

export function chooseSystem(
  candidates: readonly SystemCandidate[],
  wanted: string | undefined,
  host: string,
): Result<SystemCandidate, BmcProblem> {
  const real = candidates.filter((candidate) => isRealSystem(candidate.json));
  const list = real.map((candidate) => candidate.path.replace(/\/+$/, '').split('/').at(-1)).join(', ');
  const fitting = wanted === undefined ? real : real.filter((candidate) => answersTo(candidate, wanted));
  const [first, second] = fitting;
  if (first === undefined) {
    const seen =
      real.length > 0 ? `it has ${list}` : `none of its ${candidates.length} systems can be switched on and off`;
    return fail(bmcProblem('noSystem', `${host} has no system${wanted === undefined ? '' : ` "${wanted}"`}: ${seen}.`));
  }
  if (second !== undefined) {
    return fail(bmcProblem('ambiguousSystem', `${host} serves ${fitting.length} systems: ${list}.`));
  }
  return ok(first);
}
