import { bmcPlace, type Named } from './identity.ts';
import type { EndedJob } from './job.ts';
import type { NodeState } from './node.ts';

/** Of a machine whose job was ended because its file names another identity since, or was gone: until it is armed again. */
export function disarmedText(node: NodeState): string | undefined {
  const last = node.endedJobs.at(-1);
  if (node.job !== undefined || last?.outcome !== 'cancelled') return undefined;
  if (last.code === 'LEFT_INVENTORY') return goneText(node, last);
  if (last.code !== 'PLAN_CHANGED') return undefined;
  return `its ${endedWords(last)} was ended: its identity in the inventory changed; arm it again if it is the machine that is meant`;
}

/** What was ended. */
export const endedWords = ({ kind, waited }: Pick<EndedJob, 'kind' | 'waited'>): string =>
  waited ? `place in a wave (${kind})` : `${kind} job`;

function goneText(node: NodeState, ended: EndedJob): string {
  const { kind, name, begun } = ended;
  const isBack = name === undefined || name === node.name;
  const gone = `its file ${name === undefined ? 'was gone from the inventory' : 'had another name'} for a time`;
  const why = isBack ? gone : `its file was renamed, it was ${name}`;
  // To arm it now would cut what it writes.
  if (begun) return `its ${kind} job was ended after its disk had begun to be written: ${why}; look how far it came`;
  return `its ${endedWords(ended)} was ended: ${why}; arm it again if it is the machine that is meant`;
}

const FIELDS = ['macs', 'uuid', 'serial', 'boardSerial', 'asset', 'switchPort'] as const;

/** For its timeline and the log. */
export function identityChange(before: Named, after: Named, what: string): string {
  const changed = FIELDS.filter((field) => textOf(before.identity[field]) !== textOf(after.identity[field]));
  const isNamedByBmc = [before, after].some(({ identity }) => identity.macs.length === 0);
  const bmc = isNamedByBmc && bmcPlace(before.bmc) !== bmcPlace(after.bmc) ? ['bmc'] : [];
  return `inventory: its identity changed (${[...changed, ...bmc].join(', ')}): its ${what} is ended`;
}

const textOf = (value: string | readonly string[] | undefined): string =>
  typeof value === 'object' ? [...value].sort().join() : (value ?? '');
