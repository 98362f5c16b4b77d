import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { loadInventory } from '../../inventory/load-inventory.ts';
import { readOrders } from '../../store/read-audit.ts';
import { resolveStateDir } from '../../store/state-dir.ts';
import {
  type CannotGoOn,
  type Command,
  type CommandContext,
  cannotRun,
  EXIT,
  type ExitCode,
  flag,
  INVENTORY_OPTION,
  inventoryFolder,
  JSON_OPTION,
  SOCKET_OPTION,
  textOption,
  usageProblem,
} from '../command.ts';
import { dialEngine, runningSocket, socketPath } from '../engine-socket.ts';
import { auditLineOf } from '../replay-lines.ts';
import { loadRecording, type Recording } from '../replay-source.ts';
import { buildReport } from '../report-build.ts';
import { type ReportFile, writeReport } from '../report-files.ts';
import { renderReport } from '../report-markdown.ts';
import { type AuditReport, iso, type SiteReport } from '../report-model.ts';
import { listRuns, type RunSlice, sliceRun, sliceWave, wavesNamed } from '../report-runs.ts';

const AUDIT_LINES = 100_000;

export const exportCommand: Command = {
  name: 'export',
  summary: 'hand-over report of a run (Markdown and JSON), and the packets of a machine’s boot',
  usage: [
    'export [RUN|WAVE] [--state DIR] [--out DIR] [--pcapng NODE…]',
    'export --list',
    'export --json > report.json',
  ],
  about:
    'RUN is a run of the program as `--list` numbers them (default: the last one; `all`: the whole journal). WAVE is the id of a wave, or the beginning of it: the report begins and ends with the wave, and tells of its machines alone. It is made from the journal alone, so it works while the engine runs and long after; --state DIR is for a journal that lies elsewhere. Packets are kept in memory: they are asked of the running engine.\n\nA .pcapng holds, of each protocol, the last 96 that were kept. Of DHCP: all packets between the machine and us, and what other servers answered it, as far as that was heard here (broadcasts; of each kind four at once and then one in 5 s). Of TFTP: each request, OACK and error, the first and the last DATA and ACK, and at a stall the last ACK and what was sent again. Of HTTP: each request (script, kernel, initrd, configuration, beacon), the head of its answer, and how its body ended. UDP is as it was, DATA cut to its beginning. TCP is rebuilt from what the socket saw, and says so above each segment. Tokens are masked, of unusual headers only the names are there, and no body is: no script, no configuration. Where TFTP is not on port 69: tshark -d udp.port==PORT,tftp.',
  options: {
    list: { type: 'boolean', short: 'l', help: 'the runs in the journal' },
    out: { type: 'string', short: 'o', value: 'DIR', help: 'where to write (default: crashcart-SITE-DATE)' },
    force: { type: 'boolean', help: 'write over an earlier report' },
    pcapng: {
      type: 'string',
      multiple: true,
      takesMany: true,
      value: 'NODE',
      help: 'the last packets of this machine, or these (DHCP, TFTP, HTTP), as NODE.pcapng, for Wireshark',
    },
    state: { type: 'string', value: 'DIR', help: 'the state folder (default: that of the site, or the user’s)' },
    ...INVENTORY_OPTION,
    ...JSON_OPTION,
    ...SOCKET_OPTION,
  },
  completes: 'nodes',
  examples: [
    'crashcart export --list',
    'crashcart export 3 --out handover',
    'crashcart export 56dec349 --out rack-r07',
    'crashcart export --state ./rehearsal      (what `demo --keep ./rehearsal` left)',
    'crashcart export --pcapng r07-u33 r07-u34',
  ],
  run: async (context) => {
    if (context.words.length > 1)
      throw usageProblem('export takes one run, as `crashcart export --list` numbers them, or one wave');
    const [word = ''] = context.words;
    // No number and no id has these.
    if (/[./~]/.test(word)) throw notAFolder(word);
    const dir = await stateFolder(context);
    const recording = await loadRecording(dir);
    if (!recording.ok) {
      if (isFolder(word)) throw notAFolder(word);
      const isNamed = textOption(context, 'state') !== undefined;
      throw cannotRun(`${recording.error}${isNamed ? '' : '; --state DIR names another state folder'}`);
    }
    if (flag(context, 'list')) return list(context, recording.value);
    const { report, slice } = await makeReport(context, dir, recording.value);
    const nodes = captured(context);
    const unknown = nodes.find((name) => !report.nodes.some((node) => node.name === name));
    if (unknown !== undefined) throw usageProblem(`there is no machine named ${unknown} in this run`);
    if (flag(context, 'json')) context.out(`${JSON.stringify(report, undefined, 2)}\n`);
    else
      write(context, report, [
        { name: 'report.md', content: renderReport(report) },
        { name: 'report.json', content: `${JSON.stringify(report, undefined, 2)}\n` },
        { name: 'timeline.jsonl', content: slice.events.map((event) => `${JSON.stringify(event)}\n`).join('') },
      ]);
    return nodes.length === 0 ? EXIT.done : await writeCaptures(context, report, nodes);
  },
};

const isFolder = (word: string): boolean =>
  word !== '' && statSync(word, { throwIfNoEntry: false })?.isDirectory() === true;

const notAFolder = (word: string): CannotGoOn =>
  usageProblem(`"${word}" is no run and no wave; the journal in a folder goes with crashcart export --state ${word}`);

async function stateFolder(context: CommandContext): Promise<string> {
  const given = textOption(context, 'state');
  if (given !== undefined) return given;
  // The journal of an engine lies beside its socket.
  const socket = textOption(context, 'socket');
  if (socket !== undefined) return dirname(socket);
  const running = runningSocket(context);
  if (running !== undefined) return dirname(running);
  const folder = inventoryFolder(context);
  const { inventory } = await loadInventory(folder);
  if (inventory?.site.stateDir !== undefined) return resolve(folder, inventory.site.stateDir);
  const dir = resolveStateDir({ HOME: homedir(), ...context.env }, process.getuid?.() ?? 0);
  if (dir.ok && existsSync(dir.value)) return dir.value;
  // Nothing was ever run here; who looks at a demo means that one.
  const demo = textOption(context, 'inventory') === undefined ? dirname(socketPath(context)) : '';
  if (existsSync(demo)) return demo;
  if (!dir.ok) throw cannotRun(dir.error);
  return dir.value;
}

function list(context: CommandContext, recording: Recording): ExitCode {
  const rows = listRuns(recording);
  if (flag(context, 'json')) {
    const runs = rows.map(({ fromMs, toMs, ...row }) => ({ ...row, from: iso(fromMs), to: iso(toMs) }));
    context.out(`${JSON.stringify({ runs, notes: recording.notes }, undefined, 2)}\n`);
    return EXIT.done;
  }
  for (const note of recording.notes) context.err(`crashcart: ${note}\n`);
  if (rows.length === 0) context.out('no run of the program is in this journal\n');
  for (const row of rows)
    context.out(
      `${String(row.number).padStart(4)}  ${iso(row.fromMs).slice(0, 19)} to ${iso(row.toMs).slice(0, 19)}  ${String(row.events).padStart(7)} events  ${String(row.armed).padStart(4)} armed${wavesText(row)}  ${row.what} ${row.version}${row.simulated ? ' (simulated)' : ''}\n`,
    );
  return EXIT.done;
}

const wavesText = ({ waves, inWaves }: { readonly waves: number; readonly inWaves: number }): string =>
  waves === 0 ? '' : `, ${waves === 1 ? 'a wave' : `${waves} waves`} of ${inWaves}`;

async function makeReport(
  context: CommandContext,
  dir: string,
  recording: Recording,
): Promise<{ readonly report: SiteReport; readonly slice: RunSlice }> {
  const word = context.words[0] ?? String(recording.runs.at(-1)?.number ?? 'all');
  const named = chooseSlice(recording, word);
  const { slice } = named;
  if (slice.events.length === 0) throw cannotRun(`run ${word} has no events`);
  const { start, events, notes } = slice;
  const audit = await auditOf(dir, slice);
  const { run, wave } = named;
  const { program } = slice;
  const of = {
    ...(program === undefined ? {} : { program }),
    ...(run === undefined ? {} : { run }),
    ...(wave === undefined ? {} : { wave }),
  };
  return { slice, report: buildReport({ start, events, audit, notes, ...of }) };
}

/** A run by its number, a wave by its id or the beginning of it. A number that is no run may begin the id of a wave. */
function chooseSlice(
  recording: Recording,
  word: string,
): { readonly slice: RunSlice; readonly run?: number; readonly wave?: string } {
  if (word === 'all') {
    const slice = sliceRun(recording, undefined);
    if (slice !== undefined) return { slice };
  }
  const run = /^\d{1,9}$/.test(word) ? Number(word) : undefined;
  const ofRun = run === undefined ? undefined : sliceRun(recording, run);
  if (run !== undefined && ofRun !== undefined) return { slice: ofRun, run };
  const [wave, ...more] = word === '' ? [] : wavesNamed(recording, word);
  if (more.length > 0) throw usageProblem(`say which wave: ${[wave, ...more].join(', ')}`);
  const ofWave = wave === undefined ? undefined : sliceWave(recording, wave);
  if (wave !== undefined && ofWave !== undefined) return { slice: ofWave, wave };
  if (isFolder(word)) throw notAFolder(word);
  throw usageProblem(
    run === undefined
      ? `"${word}" is no run and no wave of this journal: give the number of a run, the id of a wave, or all`
      : `there is no run ${word}: the journal has ${recording.runs.length} (crashcart export --list)`,
  );
}

/** The audit file knows refused orders too; where there is none, the journal knows those that were taken. */
async function auditOf(dir: string, { events }: RunSlice): Promise<readonly AuditReport[]> {
  const fromMs = events[0]?.time ?? 0;
  const toMs = events.reduce((latest, event) => Math.max(latest, event.time), fromMs);
  const read = await readOrders(dir, AUDIT_LINES);
  const own = read.ok ? read.value.filter((one) => one.atMs >= fromMs && one.atMs <= toMs + 1000) : [];
  if (own.length > 0)
    return own.toReversed().map(({ atMs, who, from, action, nodes, outcome }) => {
      return { at: iso(atMs), who, from, action, nodes, outcome };
    });
  return events.flatMap((event) => {
    const line = auditLineOf(event);
    if (line === undefined) return [];
    const from = line.screen === undefined ? line.from : `${line.from} ${line.screen}`;
    return [{ at: iso(line.at), who: line.who, from, action: line.what, nodes: line.nodes, outcome: line.outcome }];
  });
}

const captured = (context: CommandContext): readonly string[] => {
  const given = context.options.pcapng;
  return Array.isArray(given) ? [...new Set(given.map(String))] : [];
};

function outFolder(context: CommandContext, report: SiteReport): string {
  const site = report.site.replace(/[^\w.-]+/g, '-') || 'site';
  const at = report.to.slice(0, 16).replace(/[:T]/g, '-');
  return textOption(context, 'out') ?? `crashcart-${site}-${at}`;
}

function write(context: CommandContext, report: SiteReport, files: readonly ReportFile[]): void {
  const written = writeReport(outFolder(context, report), files, flag(context, 'force'));
  if (!written.ok) throw cannotRun(written.error);
  for (const path of written.value) context.err(`wrote ${path}\n`);
}

async function writeCaptures(context: CommandContext, report: SiteReport, nodes: readonly string[]): Promise<ExitCode> {
  const client = await dialEngine(context, 'export', false);
  let code: ExitCode = EXIT.done;
  try {
    for (const node of nodes) {
      const answer = await client.ask({ type: 'pcapng', node });
      if (!answer.ok || typeof answer.value !== 'string') {
        context.err(`crashcart: ${node}: ${answer.ok ? 'the engine sent no packets' : answer.error}\n`);
        code = EXIT.no;
      } else write(context, report, [{ name: `${node}.pcapng`, content: Buffer.from(answer.value, 'base64') }]);
    }
  } finally {
    client.close();
  }
  return code;
}
