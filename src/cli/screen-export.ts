import { spawn } from 'node:child_process';
import { access, constants, mkdir, rmdir } from 'node:fs/promises';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSea } from 'node:sea';
import { fail, ok, type Result } from '../core/result.ts';
import type { LinkClient } from '../link/connect-link.ts';
import type { ExportWish, ServiceRow } from '../link/screen-port.ts';
import { type ReportFile, writeReport } from './report-files.ts';

/** A journal of a long run takes seconds; this only ends a hang. */
const LIMIT_MS = 120_000;
/** nice(1): the report can wait, the machines cannot. */
const NICE = 10;

interface ExportParts {
  readonly client: Pick<LinkClient, 'ask'>;
  /** This program, as another process starts it. */
  readonly program: readonly string[];
  readonly folder: string;
  readonly now: () => Date;
}

/** The single executable is its own program; else Node runs the bundle that was named to it. */
export const ownProgram = (): readonly string[] =>
  isSea() ? [process.execPath] : [process.execPath, process.argv[1] ?? ''];

/** What `crashcart export` does, for the screen: into a new folder below the one in which the screen was started. */
export function createScreenExport(parts: ExportParts): (wish: ExportWish) => Promise<Result<string>> {
  return async (wish) => {
    const made = await makeFolder(parts);
    if (!made.ok) return made;
    const done =
      wish.is === 'packets'
        ? await writePackets(parts, wish.nodes, made.value)
        : await writeReportOf(parts, wish.is === 'wave' ? wish.wave : undefined, made.value);
    // Nothing was written: an empty folder would look like an export.
    if (!done.ok) await rmdir(made.value).catch(() => undefined);
    return done;
  };
}

/** `2026-11-21-190503`, by the clock on the wall beside the rack. */
function stampOf(date: Date): string {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString();
  return local.slice(0, 19).replace('T', '-').replaceAll(':', '');
}

/** Where the operator stands; where nothing can be written there, in a folder of this user alone. */
async function makeFolder({ folder, now }: ExportParts): Promise<Result<string>> {
  const canWrite = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  const made = join(canWrite ? folder : tmpdir(), `crashcart-export-${stampOf(now())}`);
  try {
    await mkdir(made, canWrite ? {} : { mode: 0o700 });
    return ok(made);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return fail(code === 'EEXIST' ? `${made} was made this very second: try again` : `nothing written: ${message}`);
  }
}

async function writePackets(
  { client }: ExportParts,
  nodes: readonly string[],
  folder: string,
): Promise<Result<string>> {
  const files: ReportFile[] = [];
  const without: string[] = [];
  for (const node of nodes) {
    const answer = await client.ask({ type: 'pcapng', node });
    if (answer.ok && typeof answer.value === 'string')
      files.push({ name: `${node}.pcapng`, content: Buffer.from(answer.value, 'base64') });
    else without.push(answer.ok ? `no packets of ${node} are kept` : answer.error);
  }
  if (files.length === 0) return fail(without[0] ?? 'no machine was named');
  const written = writeReport(folder, files, false);
  if (!written.ok) return written;
  const more = without.length === 0 ? '' : ` (${without.length === 1 ? without[0] : `${without.length} have none`})`;
  return ok(`packets of ${files.length === 1 ? nodes[0] : `${files.length} machines`} are in ${folder}${more}`);
}

/** In a process of its own: of a long journal it takes seconds of a core, in which no key would be answered. */
async function writeReportOf(
  { client, program }: ExportParts,
  wave: string | undefined,
  folder: string,
): Promise<Result<string>> {
  const services = await client.ask({ type: 'services' });
  if (!services.ok) return services;
  // The engine names its state folder where it says whether the journal is kept.
  const state = (services.value as readonly ServiceRow[]).find((row) => row.name === 'journal')?.listens;
  if (state === undefined || state === '-') return fail('the engine does not say where its journal is');
  const args = ['export', ...(wave === undefined ? [] : [wave]), '--state', state, '--out', folder];
  const failed = await runQuietly([...program, ...args]);
  return failed === undefined
    ? ok(`report.md, report.json and timeline.jsonl are in ${folder}`)
    : fail(`no report was written: ${failed}`);
}

/** Undefined, or the last thing that the program said before it failed. */
function runQuietly([file = '', ...args]: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: LIMIT_MS });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2_000);
    });
    child.on('error', (error) => resolve(error.message));
    child.on('spawn', () => beNice(child.pid));
    child.on('close', (code, signal) => {
      const last = said
        .trim()
        .split('\n')
        .at(-1)
        ?.replace(/^crashcart: /, '');
      resolve(code === 0 ? undefined : last || `it ended with ${signal ?? code}`);
    });
  });
}

function beNice(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, NICE);
  } catch {
    // It ended already, or this user may not: it is done as it is.
  }
}
