import { readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { loadInventory } from '../../inventory/load-inventory.ts';
import type { Imported } from '../../inventory/render-machine.ts';
import { renderProblems } from '../../inventory/render-problems.ts';
import { writeImported } from '../../inventory/write-imported.ts';
import {
  type Command,
  type CommandContext,
  cannotRun,
  EXIT,
  type ExitCode,
  flag,
  INVENTORY_OPTION,
  inventoryFolder,
  JSON_OPTION,
  usageProblem,
} from '../command.ts';
import { guessImportKind, type ImportKind, parseImport } from '../import-kind.ts';

/** A list is text that a person can read; a disk image given by mistake is not read into memory. */
const MOST_BYTES = 32 * 1024 * 1024;

export const importCommand: Command = {
  name: 'import',
  summary: 'machines from a packing list (CSV), BareMetalHosts or a TalosCluster',
  usage: ['import FILE [--inventory DIR] [--dry-run] [--json]'],
  about:
    'What FILE is, is told by its content; `-` reads standard input. All files are written or none, and one that exists is never overwritten. Nothing is armed: `crashcart check` and `crashcart plan NODE` show what came of it.',
  options: {
    ...INVENTORY_OPTION,
    ...JSON_OPTION,
    'dry-run': { type: 'boolean', short: 'n', help: 'show what would be written, write nothing' },
  },
  completes: 'files',
  examples: ['crashcart import packing-list.csv --dry-run', 'kubectl get bmh -A -o yaml | crashcart import -'],
  run: async (context) => {
    const [path, ...more] = context.words;
    if (path === undefined || more.length > 0) throw usageProblem('import takes one file: crashcart import FILE');
    const text = readText(path);
    const kind = guessImportKind(text);
    if (kind === undefined)
      throw usageProblem(
        `${path} is nothing that can be imported: expected a CSV whose first line names its columns, or YAML of kind BareMetalHost or TalosCluster`,
      );
    const imported = parseImport(kind, text, path === '-' ? 'standard input' : basename(path));
    return flag(context, 'dry-run') ? showOnly(context, kind, imported) : write(context, kind, imported);
  },
};

function readText(path: string): string {
  try {
    if (path === '-') return readFileSync(0, 'utf8');
    const { size } = statSync(path);
    if (size > MOST_BYTES) throw cannotRun(`${path} has ${size} bytes: that is no list of machines`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string')
      throw cannotRun(`${path} cannot be read: ${error.message}`);
    throw error;
  }
}

const hasErrors = (imported: Imported): boolean => imported.problems.some((one) => one.severity === 'error');

/** Everything that stands in the way, not the first only: a list is mended once. */
function existing(folder: string, imported: Imported): readonly string[] {
  return imported.files
    .map((file) => file.path)
    .filter((path) => statSync(join(folder, path), { throwIfNoEntry: false }) !== undefined);
}

function showOnly(context: CommandContext, kind: ImportKind, imported: Imported): ExitCode {
  const folder = inventoryFolder(context);
  const there = existing(folder, imported);
  const wouldWrite = !hasErrors(imported) && there.length === 0;
  if (flag(context, 'json')) {
    const { files, problems } = imported;
    context.out(`${JSON.stringify({ kind, dryRun: true, wouldWrite, files, exist: there, problems }, undefined, 2)}\n`);
  } else {
    context.err(renderProblems(imported.problems));
    for (const { path, text } of imported.files) context.out(`--- ${join(folder, path)}\n${text}`);
    for (const path of there) context.err(`crashcart: ${join(folder, path)} exists already and is not overwritten\n`);
    context.out(
      `${kind}: ${imported.files.length} files ${wouldWrite ? 'would be' : 'would NOT be'} written to ${folder}\n`,
    );
  }
  return wouldWrite ? EXIT.done : EXIT.no;
}

async function write(context: CommandContext, kind: ImportKind, imported: Imported): Promise<ExitCode> {
  const folder = inventoryFolder(context);
  const json = flag(context, 'json');
  const refuse = (why: string): ExitCode => {
    if (json)
      context.out(`${JSON.stringify({ kind, error: why, written: [], problems: imported.problems }, undefined, 2)}\n`);
    else context.err(`${renderProblems(imported.problems)}crashcart: ${why}\n`);
    return EXIT.no;
  };
  if (hasErrors(imported)) return refuse('nothing was written: correct the errors above first');
  const there = existing(folder, imported);
  if (there.length > 1) return refuse(`${there.join(', ')} exist already; nothing was written`);
  const written = writeImported(folder, imported.files);
  if (!written.ok) return refuse(written.error);
  // A machine may fit its list and clash with one that was there before.
  const after = await loadInventory(folder);
  const errors = after.problems.filter((one) => one.severity === 'error');
  if (json) {
    const tree = { errors: errors.length, problems: after.problems };
    context.out(
      `${JSON.stringify({ kind, written: written.value, problems: imported.problems, inventory: tree }, undefined, 2)}\n`,
    );
  } else {
    context.err(renderProblems(imported.problems));
    for (const path of written.value) context.out(`wrote ${join(folder, path)}\n`);
    context.out(`${kind}: ${written.value.length} files written; nothing is armed\n`);
    if (errors.length > 0)
      context.err(
        `the inventory now has ${errors.length} errors (crashcart check):\n${renderProblems(errors, folder)}`,
      );
  }
  return EXIT.done;
}
