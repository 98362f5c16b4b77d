import { type CauseCode, causeOf } from '../core/cause.ts';
import { rivalDoes } from '../core/describe-rival.ts';
import type { Fleet } from '../core/fleet.ts';
import { PHASES } from '../core/phase.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { NodeReport, Outcome, ReportSummary } from './report-model.ts';

const SLOWEST_SHOWN = 5;

export function summarise(nodes: readonly NodeReport[], fleet: Fleet): ReportSummary {
  const jobs = nodes.flatMap((node) => node.jobs.map((job) => ({ node: node.name, ...job })));
  const done = jobs.filter((job) => job.outcome === 'done');
  const median = medianOf(done.map((job) => job.seconds));
  return {
    machines: nodes.length,
    states: countBy(nodes.map(stateWord)),
    jobs: countOutcomes(jobs.map((job) => job.outcome)),
    attempts: nodes.reduce((sum, node) => sum + node.attempts.length, 0),
    ...(median === undefined ? {} : { medianSeconds: median }),
    slowest: done
      .toSorted((a, b) => b.seconds - a.seconds)
      .slice(0, SLOWEST_SHOWN)
      .map(({ node, kind, seconds }) => ({ node, kind, seconds })),
    phaseMedianSeconds: Object.fromEntries(
      PHASES.flatMap((phase) => {
        const middle = medianOf(done.flatMap((job) => job.phaseSeconds[phase] ?? []));
        return middle === undefined ? [] : [[phase, middle]];
      }),
    ),
    causes: causesOf(nodes),
    strangers: [...valuesOf(fleet.strangers)].filter((one) => !one.ignored).length,
    rivals: Object.values(fleet.rivals).map((rival) => {
      const { server, offers, count } = rival;
      return { server, offers, does: rivalDoes(rival), count };
    }),
  };
}

export const stateWord = ({ state }: NodeReport): string =>
  state.health === 'failed' || state.health === 'conflict' || state.health === 'stalled' ? state.health : state.phase;

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words.toSorted()) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

function countOutcomes(outcomes: readonly Outcome[]): { readonly [O in Outcome]: number } {
  const count = (wanted: Outcome) => outcomes.filter((one) => one === wanted).length;
  return {
    done: count('done'),
    failed: count('failed'),
    cancelled: count('cancelled'),
    expired: count('expired'),
    running: count('running'),
  };
}

/** The lower one of two middles: a time that some machine really took. */
export function medianOf(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}

function causesOf(nodes: readonly NodeReport[]): ReportSummary['causes'] {
  const counts = countBy(nodes.flatMap((node) => node.troubles.map((trouble) => trouble.code)));
  return Object.entries(counts)
    .map(([code, count]) => ({ code, count, cause: causeOf(code as CauseCode) }))
    .sort((a, b) => b.count - a.count);
}
