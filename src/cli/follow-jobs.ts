import { type Fleet, nodeOf, type Wave } from '../core/fleet.ts';
import { viewWave, waveWaits } from '../core/wave.ts';
import type { LinkClient } from '../link/connect-link.ts';
import { awaitedOf } from '../ui/select/awaited.ts';
import { type CommandContext, EXIT, type ExitCode, flag, numberOption } from './command.ts';
import { renderRows, toRow } from './node-rows.ts';

export interface Followed {
  readonly nodes: readonly string[];
  /** The job that each machine had ended last before this command: its outcome is not ours. */
  readonly lastJobs: ReadonlyMap<string, string | undefined>;
  readonly wave?: string | undefined;
}

/** Draws one line per change; ends when every job has ended, or when a machine waits for a person for good. */
export function followJobs(context: CommandContext, client: LinkClient, what: Followed): Promise<ExitCode> {
  const json = flag(context, 'json');
  const said = new Map<string, string>();
  return new Promise((resolve) => {
    let over = false;
    const finish = (fleet: Fleet, timedOut: boolean) => {
      over = true;
      clearTimeout(timer);
      const rows = what.nodes
        .flatMap((name) => nodeOf(fleet, name) ?? [])
        .map((node) => toRow(node, { fleet, nowMs: Date.now() }));
      context.out(json ? `${JSON.stringify({ timedOut, nodes: rows }, undefined, 2)}\n` : `\n${renderRows(rows)}\n`);
      resolve(!timedOut && what.nodes.every((name) => isDone(fleet, name, what)) ? EXIT.done : EXIT.no);
    };
    let latest: Fleet | undefined;
    const timer = setTimeout(
      () => latest !== undefined && finish(latest, true),
      numberOption(context, 'timeout', 3600, 1) * 1000,
    );
    client.onClose((reason) => {
      if (over) return;
      clearTimeout(timer);
      context.err(`crashcart: the engine is gone (${reason}); the machines go on, attach again to see them\n`);
      resolve(EXIT.no);
    });
    client.follow((fleet) => {
      if (over) return;
      latest = fleet;
      if (!json) sayChanges(context, fleet, what, said);
      if (isOver(fleet, what)) finish(fleet, false);
    }, 250);
  });
}

function sayChanges(context: CommandContext, fleet: Fleet, what: Followed, said: Map<string, string>): void {
  const lines = what.nodes.flatMap((name): readonly (readonly [string, string])[] => {
    const node = nodeOf(fleet, name);
    if (node === undefined) return [];
    const row = toRow(node, { fleet, nowMs: fleet.at });
    const percent = row.percent === undefined ? '' : ` ${Math.floor(row.percent / 10) * 10}%`;
    const bad = row.health === 'ok' ? '' : ` ${row.health.toUpperCase()}: ${row.cause ?? ''} ${row.detail ?? ''}`;
    const awaited = awaitedOf(node, { fleet, nowMs: fleet.at });
    const waits = bad !== '' || awaited === undefined ? '' : `, ${awaited.text}`;
    return [[name, `${name}: ${row.phase}${percent}${waits}${bad}${row.ask === undefined ? '' : ` >> ${row.ask}`}`]];
  });
  const wave = waveOf(fleet, what);
  const all = wave === undefined ? lines : [...lines, ['', `wave ${renderWave(fleet, wave)}`] as const];
  for (const [key, line] of all) {
    if (said.get(key) === line) continue;
    said.set(key, line);
    context.out(`${new Date(fleet.at).toISOString().slice(11, 19)} ${line}\n`);
  }
}

const waveOf = (fleet: Fleet, { wave }: Followed): Wave | undefined =>
  wave === undefined ? undefined : fleet.waves[wave];

export function renderWave(fleet: Fleet, wave: Wave): string {
  const { waiting, active, done, failed, cancelled } = viewWave(wave);
  const gone = cancelled === 0 ? '' : ` ${cancelled} cancelled,`;
  // Nothing of it starts any more.
  const rest = wave.state === 'cancelled' ? 'never begun' : 'waiting';
  const whys = wave.why === undefined ? waveWaits(fleet, wave) : [wave.why];
  const why = whys.length === 0 ? '' : `: ${whys.join('; ')}`;
  return `${wave.id} ${wave.kind} ${wave.state}: ${done} done, ${failed} failed,${gone} ${active.length} running, ${waiting.length} ${rest}${why}`;
}

function isOver(fleet: Fleet, what: Followed): boolean {
  const wave = waveOf(fleet, what);
  if (wave === undefined) return what.nodes.every((name) => isNodeOver(fleet, name, what.lastJobs.get(name)));
  // A wave that is stopped or cancelled starts nothing more; what it started is followed to its end.
  if (wave.state === 'running' || wave.state === 'paused') return false;
  return viewWave(wave).active.every((name) => isNodeOver(fleet, name, what.lastJobs.get(name)));
}

function isNodeOver(fleet: Fleet, name: string, lastJob: string | undefined): boolean {
  const node = nodeOf(fleet, name);
  if (node === undefined) return true;
  if (node.job === undefined) return node.endedJobs.at(-1)?.id !== lastJob;
  // A failure that no remedy of the program mends: a person has to act, and the script should not wait for that.
  const { health } = node;
  const halted = health.is === 'stalled' && health.code === 'HALTED';
  return health.is === 'failed' || health.is === 'conflict' || node.job.suspended !== undefined || halted;
}

function isDone(fleet: Fleet, name: string, { lastJobs }: Followed): boolean {
  const ended = nodeOf(fleet, name)?.endedJobs.at(-1);
  return ended?.outcome === 'done' && ended.id !== lastJobs.get(name);
}
