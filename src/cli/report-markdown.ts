import { CAUSES } from '../core/cause.ts';
import { PHASES } from '../core/phase.ts';
import type { AttemptReport, JobReport, NodeReport, SiteReport } from './report-model.ts';
import { stateWord } from './report-summary.ts';

/** The report for people: what a rack's next owner wants to know first, then machine by machine. */
export function renderReport(report: SiteReport): string {
  const parts = [
    `# Hand-over: ${text(report.site || 'site')}`,
    head(report),
    summary(report),
    openPoints(report.nodes),
    '## Machines',
    machineTable(report.nodes),
    ...report.nodes.filter(hasStory).map(machine),
    ...audit(report),
    ...(report.notes.length === 0 ? [] : [`## Notes\n\n${report.notes.map((note) => `- ${text(note)}`).join('\n')}`]),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** Names and messages come from the wire: nothing in them may become a table, a link or markup. */
const text = (raw: string): string => raw.replace(/[\\`*_[\]<>|#~]/g, '\\$&').replace(/\s+/g, ' ');
const code = (raw: string): string => `\`${raw.replace(/[`|\s]+/g, ' ')}\``;

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => (cell === '' ? '-' : cell)).join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n');
}

export function renderSeconds(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const tail = `${String(minutes).padStart(hours > 0 ? 2 : 1, '0')} min ${String(rest).padStart(2, '0')} s`;
  return hours > 0 ? `${hours} h ${tail}` : tail;
}

const many = (count: number, what: string, plural = `${what}s`): string => `${count} ${count === 1 ? what : plural}`;

const clock = (iso: string): string => iso.replace('T', ' ').replace(/\.\d+Z$/, ' UTC');

function partOf({ run, wave }: SiteReport): string {
  if (wave !== undefined) return ` (wave ${text(wave)} and its machines)`;
  return run === undefined ? '' : ` (run ${run})`;
}

function head(report: SiteReport): string {
  const lines = [
    `- from ${clock(report.from)} to ${clock(report.to)}${partOf(report)}`,
    `- crashcart ${text(report.program)}`,
  ];
  return [...(report.simulated ? ['**SIMULATED: these machines are not real.**\n'] : []), ...lines].join('\n');
}

function summary({ summary: sum }: SiteReport): string {
  const { jobs } = sum;
  const states = Object.entries(sum.states)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');
  const outcomes = `${jobs.done} done, ${jobs.failed} failed, ${jobs.cancelled} cancelled, ${jobs.expired} expired, ${jobs.running} still open`;
  const lines = [
    `- ${many(sum.machines, 'machine')}: ${states || 'none'}`,
    `- jobs: ${outcomes}; ${many(sum.attempts, 'boot')}`,
    ...(sum.medianSeconds === undefined ? [] : [`- median from arming to done: ${renderSeconds(sum.medianSeconds)}`]),
    ...sum.slowest.slice(0, 3).map((one) => `- slow: ${text(one.node)} ${one.kind} ${renderSeconds(one.seconds)}`),
    ...sum.causes.map((one) => `- ${one.count} x ${code(one.code)} ${text(one.cause)}`),
    ...(sum.strangers > 0 ? [`- ${sum.strangers} machines asked that are in no inventory`] : []),
    ...sum.rivals.map(
      (one) => `- another DHCP server, heard of ${one.count} times: ${code(one.server)} ${text(one.does)}`,
    ),
  ];
  const medians = PHASES.flatMap((phase) => {
    const seconds = sum.phaseMedianSeconds[phase];
    return seconds === undefined ? [] : [[phase, renderSeconds(seconds)] as const];
  });
  return [
    `## Summary\n\n${lines.join('\n')}`,
    ...(medians.length === 0 ? [] : [`Median time per phase:\n\n${table(['phase', 'median'], medians)}`]),
  ].join('\n\n');
}

/** What the next owner has to do: machines that stand where they should not, with the cause and the way out. */
function openPoints(nodes: readonly NodeReport[]): string {
  const points = nodes.flatMap(({ name, rack, unit, state }) => {
    const known = Object.entries(CAUSES).find(([one]) => one === state.code);
    if (known === undefined || state.code === undefined) return [];
    const [cause, advice] = known[1];
    const where = rack === undefined ? '' : ` (${rack} U${unit ?? '?'})`;
    return [`- **${text(name)}**${text(where)} ${code(state.code)}: ${text(cause)} ${text(advice)}`];
  });
  return points.length === 0 ? '' : `## Open points\n\n${points.join('\n')}`;
}

function machineTable(nodes: readonly NodeReport[]): string {
  const rows = nodes.map((node) => {
    const job = node.jobs.at(-1);
    return [
      text(node.name),
      node.rack === undefined ? '' : text(`${node.rack} U${node.unit ?? '?'}`),
      stateWord(node),
      job === undefined ? '' : `${job.kind}: ${job.outcome}`,
      job === undefined ? '' : renderSeconds(job.seconds),
      job === undefined ? '' : String(job.attempts),
      node.seen.address === undefined ? '' : code(node.seen.address),
      text(node.seen.product ?? ''),
      text(job?.cause ?? node.state.detail ?? ''),
    ];
  });
  return table(['machine', 'place', 'state', 'job', 'took', 'boots', 'address', 'product', 'why'], rows);
}

const hasStory = (node: NodeReport): boolean =>
  node.jobs.length > 0 || node.attempts.length > 0 || node.troubles.length > 0;

function machine(node: NodeReport): string {
  const { identity, seen } = node;
  const names = [
    ...identity.macs.map((mac) => `MAC ${code(mac)}`),
    ...(identity.uuid === undefined ? [] : [`UUID ${code(identity.uuid)}`]),
    ...(identity.serial === undefined ? [] : [`serial ${code(identity.serial)}`]),
    ...(identity.boardSerial === undefined ? [] : [`board serial ${code(identity.boardSerial)}`]),
    ...(identity.asset === undefined ? [] : [`asset ${code(identity.asset)}`]),
  ];
  const { bmc } = seen;
  const firmware = [seen.manufacturer, seen.product, seen.arch, seen.firmware, seen.loader].filter(
    (one) => one !== undefined,
  );
  const lines = [
    `- role ${text(node.role)}${node.cluster === undefined ? '' : ` of ${text(node.cluster)}`}`,
    `- identity: ${names.join(', ') || 'none'}`,
    ...(firmware.length === 0
      ? []
      : [`- firmware: ${firmware.map(text).join(', ')}${seen.loaderBy === undefined ? '' : ` over ${seen.loaderBy}`}`]),
    ...(bmc === undefined
      ? []
      : [
          `- BMC: ${text([bmc.vendor, bmc.model, bmc.firmwareVersion, bmc.biosVersion === undefined ? undefined : `BIOS ${bmc.biosVersion}`].filter((one) => one !== undefined).join(', '))}`,
        ]),
    ...seen.disks.map(
      (disk) =>
        `- disk: ${text([disk.name, disk.model, disk.serial].filter((one) => one !== undefined).join(' '))}, ${(disk.sizeBytes / 1e9).toFixed(0)} GB`,
    ),
  ];
  return [
    `### ${text(node.name)}`,
    lines.join('\n'),
    ...node.jobs.map(jobPart),
    ...(node.attempts.length === 0 ? [] : [attemptTable(node.attempts)]),
    ...(node.troubles.length === 0
      ? []
      : [
          node.troubles
            .map((one) => `- ${clock(one.at)} ${one.health} ${code(one.code)}: ${text(one.detail || one.cause)}`)
            .join('\n'),
        ]),
  ].join('\n\n');
}

function jobPart(job: JobReport): string {
  const { user, from, screen } = job.armedBy;
  const phases = PHASES.flatMap((phase) => {
    const seconds = job.phaseSeconds[phase];
    return seconds === undefined ? [] : [`${phase} ${renderSeconds(seconds)}`];
  });
  const lines = [
    `**${job.kind}: ${job.outcome}** after ${renderSeconds(job.seconds)}, ${many(job.attempts, 'boot')}, ${many(job.retries, 'retry', 'retries')}`,
    `- armed by ${text(user)} from ${text(from)}${screen === undefined ? '' : ` (${text(screen)})`} at ${clock(job.armedAt)}${job.wave === undefined ? '' : `, wave ${text(job.wave)}`}`,
    `- image: ${text(job.profile)} ${text(job.version ?? '')}${job.schematic === undefined ? '' : `, schematic ${code(job.schematic)}`}`,
    `- plan ${code(job.planHash)}${job.configHash === undefined ? '' : `, configuration ${code(job.configHash)}`}`,
    `- disk: ${text(job.diskRule)}${job.disk === undefined ? '' : `; written: ${code(job.disk)}`}`,
    ...(job.cause === undefined ? [] : [`- cause: ${code(job.code ?? '')} ${text(job.cause)}`]),
    ...(job.detail === undefined ? [] : [`- seen: ${text(job.detail)}`]),
    ...(job.advice === undefined || job.outcome === 'done' ? [] : [`- try: ${text(job.advice)}`]),
    ...(phases.length === 0 ? [] : [`- phases: ${phases.join(', ')}`]),
  ];
  return lines.join('\n');
}

function attemptTable(attempts: readonly AttemptReport[]): string {
  const rows = attempts.map((one) => [
    String(one.number),
    clock(one.openedAt),
    one.phases.map(({ phase, seconds }) => `${phase} ${renderSeconds(seconds)}`).join(', '),
    one.cameUp ? 'yes' : 'no',
    `${(one.bytes / 1e6).toFixed(1)} MB`,
    text(one.end ?? 'open'),
  ]);
  return table(['boot', 'began', 'way', 'came up', 'sent', 'end'], rows);
}

function audit({ audit: lines }: SiteReport): readonly string[] {
  if (lines.length === 0) return [];
  const rows = lines.map((one) => [
    clock(one.at),
    text(one.who),
    text(one.from),
    text(one.action),
    text(one.nodes.join(', ')),
    text(one.outcome),
  ]);
  return ['## Who did what', table(['when', 'who', 'from', 'what', 'machines', 'outcome'], rows)];
}
