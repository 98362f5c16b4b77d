import type { Command } from './command.ts';

type Load = () => Promise<Command | readonly Command[]>;

/**
 * Every command, in the order of the help, each loaded when it is needed: all of them together are half a second of a
 * small machine's core, which the first frame of a screen would wait for.
 */
const TABLE: readonly (readonly [names: readonly string[], load: Load])[] = [
  [['up'], async () => (await import('./commands/up.ts')).upCommand],
  [['serve'], async () => (await import('./commands/serve.ts')).serveCommand],
  [['attach'], async () => (await import('./commands/attach.ts')).attachCommand],
  [['demo'], async () => (await import('./commands/demo.ts')).demoCommand],
  [['status'], async () => (await import('./commands/status.ts')).statusCommand],
  [['provision'], async () => (await import('./commands/provision.ts')).provisionCommand],
  [['wipe', 'inspect', 'rescue'], async () => (await import('./commands/job-kinds.ts')).jobKindCommands],
  [['wave'], async () => (await import('./commands/wave.ts')).waveCommand],
  [['cancel'], async () => (await import('./commands/cancel.ts')).cancelCommand],
  [['retry', 'hold', 'unhold'], async () => holdCommands(await import('./commands/hold.ts'))],
  [['protect'], async () => (await import('./commands/protect.ts')).protectCommand],
  [['power'], async () => (await import('./commands/power.ts')).powerCommand],
  [['locate'], async () => (await import('./commands/locate.ts')).locateCommand],
  [['trust'], async () => (await import('./commands/trust.ts')).trustCommand],
  [['drift'], async () => (await import('./commands/drift.ts')).driftCommand],
  [['bootstrap'], async () => (await import('./commands/bootstrap.ts')).bootstrapCommand],
  [['plan'], async () => (await import('./commands/plan.ts')).planCommand],
  [['check'], async () => (await import('./commands/check.ts')).checkCommand],
  [['images'], async () => (await import('./commands/images.ts')).imagesCommand],
  [['import'], async () => (await import('./commands/import.ts')).importCommand],
  [['replay'], async () => (await import('./commands/replay.ts')).replayCommand],
  [['export'], async () => (await import('./commands/export.ts')).exportCommand],
  [['doctor'], async () => (await import('./commands/doctor.ts')).doctorCommand],
];

type HoldModule = typeof import('./commands/hold.ts');
const holdCommands = ({ retryCommand, holdCommand, unholdCommand }: HoldModule): readonly Command[] => [
  retryCommand,
  holdCommand,
  unholdCommand,
];

/** What these words can run: the one command that they name; all of them for help, completions and a name that is none. */
export async function loadCommands(argv: readonly string[]): Promise<readonly Command[]> {
  const [first] = argv;
  if (first === '--version' || first === '-V' || first === 'version') return [];
  const asksHelp = first === '--help' || first === '-h';
  // Options without a command are those of `up`.
  const name = first === undefined || (first.startsWith('-') && !asksHelp) ? 'up' : first;
  const named = TABLE.find(([names]) => names.includes(name));
  if (named !== undefined) return [await named[1]()].flat();
  const all = (await Promise.all(TABLE.map(([, load]) => load()))).flat();
  const { completionsCommand } = await import('./commands/completions.ts');
  return [...all, completionsCommand(all)];
}
