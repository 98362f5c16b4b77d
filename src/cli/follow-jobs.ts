import { type Fleet, nodeOf, type Wave } from '../core/fleet.ts';
import { asEngineTime, asHostTime } from '../core/host-clock.ts';
import { leftInventoryText } from '../core/left-inventory.ts';
import type { NodeState } from '../core/node.ts';
import { viewWave, waveWaits } from '../core/wave.ts';
import type { LinkClient } from '../link/connect-link.ts';
import { awaitedOf } from '../ui/select/awaited.ts';
import { type CommandContext, EXIT, type ExitCode, flag } from './command.ts';
import { renderRows, toRow } from './node-rows.ts';

export interface Followed {
  readonly nodes: readonly string[];
  /** The job that each machine had ended last before this command: its outcome is not ours. */
  readonly lastJobs: ReadonlyMap<string, string | undefined>;
  readonly wave?: string | undefined;
  /** After that the machines go on alone. */
  readonly timeoutMs: number;
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
        .map((node) => toRow(node, { fleet, nowMs: asEngineTime(Date.now(), fleet) }));
      const gone = what.nodes.flatMap((name) => goneOf(fleet, name) ?? []);
      const left = gone.length === 0 ? {} : { left: gone };
      const table = [
        ...(rows.length === 0 ? [] : [renderRows(rows)]),
        ...gone.map(({ name, why }) => `${name}: ${why}`),
      ];
      context.out(
        json ? `${JSON.stringify({ timedOut, nodes: rows, ...left }, undefined, 2)}\n` : `\n${table.join('\n')}\n`,
      );
      resolve(!timedOut && what.nodes.every((name) => isDone(fleet, name, what)) ? EXIT.done : EXIT.no);
    };
    let latest: Fleet | undefined;
    const timer = setTimeout(() => latest !== undefined && finish(latest, true), what.timeoutMs);
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

interface Line {
  /** A machine; nothing for the wave. */
  readonly of: string;
  readonly text: string;
  /** It is said again when this is another. */
  readonly news: string;
}

const needsPerson = ({ health }: NodeState): boolean => health.is === 'failed' || health.is === 'conflict';

function sayChanges(context: CommandContext, fleet: Fleet, what: Followed, said: Map<string, string>): void {
  const lines = what.nodes.flatMap((name): readonly Line[] => {
    const node = nodeOf(fleet, name);
    if (node === undefined) return [goneLine(fleet, name)];
    const row = toRow(node, { fleet, nowMs: fleet.at });
    const percent = row.percent === undefined ? '' : ` ${Math.floor(row.percent / 10) * 10}%`;
    const bad = row.health === 'ok' ? '' : ` ${row.health.toUpperCase()}: ${row.cause ?? ''} ${row.detail ?? ''}`;
    const awaited = awaitedOf(node, { fleet, nowMs: fleet.at });
    const waits = bad !== '' || awaited === undefined ? '' : `, ${awaited.text}`;
    const wrong = `${bad}${row.ask === undefined ? '' : ` >> ${row.ask}`}`;
    const text = `${name}: ${row.phase}${percent}${waits}${wrong}`;
    // What waits for a person boots again and again meanwhile: each round of that is no news.
    return [{ of: name, text, news: needsPerson(node) ? wrong : text }];
  });
  const wave = waveOf(fleet, what);
  const ofWave = wave === undefined ? '' : `wave ${renderWave(fleet, wave)}`;
  for (const { of, text, news } of ofWave === '' ? lines : [...lines, { of: '', text: ofWave, news: ofWave }]) {
    if (said.get(of) === news) continue;
    said.set(of, news);
    context.out(`${new Date(asHostTime(fleet.at, fleet)).toISOString().slice(11, 19)} ${text}\n`);
  }
}

/** A machine that no file names any more has no row. */
function goneOf(fleet: Fleet, name: string): { readonly name: string; readonly why: string } | undefined {
  if (nodeOf(fleet, name) !== undefined) return undefined;
  return { name, why: leftInventoryText(fleet, name) ?? 'it is not in the inventory any more, and has no job' };
}

function goneLine(fleet: Fleet, name: string): Line {
  const text = `${name}: ${goneOf(fleet, name)?.why ?? ''}`;
  return { of: name, text, news: text };
}

const waveOf = (fleet: Fleet, { wave }: Followed): Wave | undefined =>
  wave === undefined ? undefined : fleet.waves[wave];

export function renderWave(fleet: Fleet, wave: Wave): string {
  const { waiting, active, done, failed, cancelled } = viewWave(wave);
  const gone = cancelled === 0 ? '' : ` ${cancelled} cancelled,`;
  // Nothing of it starts any more.
  const isOver = wave.state === 'cancelled' || wave.state === 'stopped';
  const rest = `${wave.state === 'cancelled' ? 'never begun' : 'waiting'}${isOver ? namesOf(waiting) : ''}`;
  const whys = wave.why === undefined ? waveWaits(fleet, wave) : [wave.why];
  const why = whys.length === 0 ? '' : `: ${whys.join('; ')}`;
  return `${wave.id} ${wave.kind} ${wave.state}: ${done} done, ${failed} failed,${gone} ${active.length} running, ${waiting.length} ${rest}${why}`;
}

const MOST_NAMED = 8;

/** Who named a machine looks for its name. */
function namesOf(names: readonly string[]): string {
  if (names.length === 0) return '';
  const more = names.length - MOST_NAMED;
  return ` (${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''})`;
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
  return needsPerson(node) || node.job.suspended !== undefined || halted;
}

function isDone(fleet: Fleet, name: string, { lastJobs }: Followed): boolean {
  const ended = nodeOf(fleet, name)?.endedJobs.at(-1);
  return ended?.outcome === 'done' && ended.id !== lastJobs.get(name);
}
