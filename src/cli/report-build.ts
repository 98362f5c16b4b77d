import { adviceOf, causeOf } from '../core/cause.ts';
import type { Event } from '../core/event.ts';
import { type Fleet, nodesOf } from '../core/fleet.ts';
import type { NodeState } from '../core/node.ts';
import type { PhaseName } from '../core/phase.ts';
import { reduce } from '../core/reduce.ts';
import type { TimeMs } from '../core/time.ts';
import { ARCH_TABLE } from '../protocols/dhcp/arch-table.ts';
import {
  type AttemptReport,
  type AuditReport,
  iso,
  type JobReport,
  type NodeReport,
  type SiteReport,
  secondsBetween,
} from './report-model.ts';
import { type JobStory, type NodeStory, noteEvent, type SiteStory, type Step } from './report-story.ts';
import { summarise } from './report-summary.ts';

export interface ReportInput {
  /** What was believed before the first event. */
  readonly start: Fleet;
  readonly events: Iterable<Event>;
  readonly audit: readonly AuditReport[];
  readonly notes: readonly string[];
  readonly run?: number;
  /** Only the machines of this wave. */
  readonly wave?: string;
  /** The release that ran when the first of the events happened, where they do not tell it. */
  readonly program?: string;
}

/** The same events give the same report: nothing is read, and no clock is asked. */
export function buildReport(input: ReportInput): SiteReport {
  const story: SiteStory = new Map();
  let fleet = input.start;
  let firstAt: TimeMs | undefined;
  let program = input.program ?? '';
  for (const event of input.events) {
    firstAt ??= event.time;
    if (event.type === 'engine.started') program = event.version;
    const before = fleet;
    try {
      [fleet] = reduce(before, event);
    } catch {
      // An event of another release; the loader of the journal has said so.
      continue;
    }
    noteEvent(story, before, fleet, event);
  }
  const wave = input.wave === undefined ? undefined : fleet.waves[input.wave];
  const own = wave === undefined ? undefined : new Set(wave.entries.map((entry) => entry.node));
  const told = nodesOf(fleet).filter((node) => own === undefined || own.has(node.name));
  const nodes = told.map((node) => reportNode(node, story.get(node.name), fleet.at));
  return {
    format: 1,
    site: fleet.site,
    simulated: fleet.simulated,
    program,
    from: iso(firstAt ?? fleet.at),
    to: iso(fleet.at),
    ...(input.run === undefined ? {} : { run: input.run }),
    ...(input.wave === undefined ? {} : { wave: input.wave }),
    summary: summarise(nodes, fleet),
    nodes,
    audit: input.audit,
    notes: input.notes,
  };
}

function reportNode(node: NodeState, story: NodeStory | undefined, at: TimeMs): NodeReport {
  const { spec, health, phase } = node;
  const { rack, unit } = spec.place;
  const { switchPort: _port, ...identity } = spec.identity;
  const steps = lengths(story?.steps ?? [], at);
  return {
    name: node.name,
    ...(rack === undefined ? {} : { rack }),
    ...(unit === undefined ? {} : { unit }),
    role: spec.role,
    ...(spec.cluster === undefined ? {} : { cluster: spec.cluster }),
    state: {
      phase: phase.is,
      evidence: node.phaseFrom,
      health: health.is,
      ...('code' in health ? { code: health.code, detail: health.detail } : {}),
    },
    identity,
    seen: reportSeen(node, story),
    jobs: [...(story?.jobs.values() ?? [])].map((job) => reportJob(job, steps, at)),
    attempts: reportAttempts(story, steps),
    troubles: (story?.troubles ?? []).map((trouble) => ({
      at: iso(trouble.at),
      health: trouble.health.is,
      code: trouble.health.code,
      cause: causeOf(trouble.health.code),
      detail: trouble.health.detail,
    })),
  };
}

function reportSeen({ seen }: NodeState, story: NodeStory | undefined): NodeReport['seen'] {
  const arch = seen.arch === undefined ? undefined : (ARCH_TABLE.get(seen.arch)?.name ?? String(seen.arch));
  const { address, uuid, serial, product, firmware, talosVersion, hostName, bmc } = seen;
  const maker = story?.facts.manufacturer;
  return {
    ...defined({ address, uuid, serial, manufacturer: maker, product, firmware, arch }),
    ...defined({ loader: story?.facts.loader, loaderBy: story?.facts.loaderBy, talosVersion, hostName }),
    ...(bmc === undefined
      ? {}
      : {
          bmc: {
            vendor: bmc.vendor,
            ...defined({ model: bmc.model, firmwareVersion: bmc.firmwareVersion, biosVersion: bmc.biosVersion }),
          },
        }),
    disks: (seen.disks ?? []).map(({ name, sizeBytes, model, serial: disk }) => ({
      name,
      sizeBytes,
      ...defined({ model, serial: disk }),
    })),
  };
}

/** Without the keys that are not known. */
function defined(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

interface Length extends Step {
  readonly seconds: number;
}

const lengths = (steps: readonly Step[], at: TimeMs): readonly Length[] =>
  steps.map((step, index) => ({ ...step, seconds: secondsBetween(step.at, steps[index + 1]?.at ?? at) }));

/** Where a job ends, so does its last step: what a machine does for weeks afterwards is not the job's time. */
function reportJob({ job, ended, disk, retries, detail }: JobStory, steps: readonly Length[], at: TimeMs): JobReport {
  const { plan } = job;
  const end = ended?.endedAt ?? at;
  const phaseSeconds: { [P in PhaseName]?: number } = {};
  for (const step of steps)
    if (step.job === job.id && step.at < end)
      phaseSeconds[step.phase] = round(
        (phaseSeconds[step.phase] ?? 0) + Math.min(step.seconds, secondsBetween(step.at, end)),
      );
  const code = ended?.code ?? job.suspended?.code;
  return {
    id: job.id,
    kind: job.kind,
    profile: plan.profile,
    ...(plan.version === undefined ? {} : { version: plan.version }),
    ...(plan.schematic === undefined ? {} : { schematic: plan.schematic }),
    ...(plan.kernel === undefined ? {} : { kernelSha256: plan.kernel.sha256 }),
    ...(plan.initrd === undefined ? {} : { initrdSha256: plan.initrd.sha256 }),
    planHash: plan.hash,
    ...(plan.configHash === undefined ? {} : { configHash: plan.configHash }),
    diskRule: plan.disk.why,
    ...(disk === undefined ? {} : { disk }),
    armedAt: iso(job.armedAt),
    armedBy: job.armedBy,
    ...(job.wave === undefined ? {} : { wave: job.wave }),
    ...(job.spentAt === undefined ? {} : { installStartedAt: iso(job.spentAt) }),
    ...(ended === undefined ? {} : { endedAt: iso(ended.endedAt) }),
    outcome: ended?.outcome ?? 'running',
    ...(code === undefined ? {} : { code, cause: causeOf(code), advice: adviceOf(code) }),
    ...(detail === undefined ? {} : { detail }),
    seconds: secondsBetween(job.armedAt, end),
    attempts: ended?.attempts ?? job.attempts,
    retries,
    phaseSeconds,
  };
}

const round = (seconds: number): number => Math.round(seconds * 10) / 10;

function reportAttempts(story: NodeStory | undefined, steps: readonly Length[]): readonly AttemptReport[] {
  return [...(story?.attempts.values() ?? [])].map(({ attempt, loader, bytes }) => ({
    number: attempt.number,
    ...(attempt.job === undefined ? {} : { job: attempt.job }),
    openedAt: iso(attempt.openedAt),
    ...(attempt.closedAt === undefined ? {} : { closedAt: iso(attempt.closedAt) }),
    ...(attempt.end === undefined ? {} : { end: attempt.end }),
    cameUp: attempt.cameUp,
    ...(attempt.answered === undefined ? {} : { answered: attempt.answered }),
    ...(loader === undefined ? {} : { loader }),
    bytes,
    phases: steps
      .filter((step) => step.attempt === attempt.number)
      .map(({ phase, at, seconds }) => ({ phase, at: iso(at), seconds })),
  }));
}
