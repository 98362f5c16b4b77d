import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadSite, readSite } from '../inventory/load-site.ts';
import type { LinkClient } from '../link/connect-link.ts';
import { resolveStateDir } from '../store/state-dir.ts';
import { awaitWriteSide } from './await-write-side.ts';
import { type CommandContext, cannotRun, flag, inventoryFolder, textOption, usageProblem } from './command.ts';
import { type DemoFolder, listDemoFolders } from './demo-folders.ts';
import { type Dialled, dialSocket, type EngineWait, type Manner, waitFor, withoutEnd } from './dial-socket.ts';
import { notesOf, readNotes, servesAnother } from './engine-notes.ts';
import { isSameFolder } from './same-folder.ts';
import { isBarred, isNoted, isSeen, whyUnseen } from './unseen-engine.ts';

export const SOCKET_NAME = 'control.sock';

/** Where the engine is that is meant, and all demos that may have been meant where only demos run. */
interface FoundEngine {
  readonly path: string;
  readonly demos: readonly string[];
  /** The inventory that it serves, where that is another one than is meant here. */
  readonly serves?: string;
  /** Demos of the same inventory, beside its engine. */
  readonly rehearsals?: readonly string[];
  /** Why this user cannot talk to an engine that runs. */
  readonly unseen?: string;
  /** Where none is: why it may be elsewhere, and how it is named then. */
  readonly hint?: string;
}

function findEngine(context: CommandContext): FoundEngine {
  const given = textOption(context, 'socket') ?? context.env.CRASHCART_SOCKET;
  if (given !== undefined) return { path: given, demos: [] };
  const dir = resolveStateDir({ HOME: homedir(), ...context.env }, process.getuid?.() ?? 0);
  const own = dir.ok ? [join(dir.value, SOCKET_NAME)] : [];
  const real = runningSocket(context) ?? own.find((path) => isSeen(path) || isNoted(context.env, path));
  const serves = real === undefined ? undefined : servedInstead(context, real);
  if (real !== undefined && serves === undefined) {
    const unseen = whyUnseen(context.env, real);
    const found = { path: real, demos: [], rehearsals: rehearsalsHere(context) };
    return unseen === undefined ? found : { ...found, unseen };
  }
  const demos = ofDemos().filter(isSeen);
  const [newest] = demos;
  if (newest !== undefined) return { path: newest, demos };
  const named = ofInventory(context);
  if (real !== undefined && serves !== undefined && named.every((path) => path === real))
    return { path: real, demos, serves };
  const [path] = [...named, ...own];
  if (path === undefined) throw cannotRun(dir.ok ? '' : dir.error);
  return { path, demos, hint: elsewhere(context) };
}

/** Who stands in no folder with an inventory, and names none, means the engine that there is. */
const servedInstead = (context: CommandContext, socket: string): string | undefined =>
  isFolderMeant(context) ? servesAnother(context.env, socket, inventoryFolder(context)) : undefined;

const isFolderMeant = (context: CommandContext): boolean =>
  (textOption(context, 'inventory') ?? context.env.CRASHCART_INVENTORY) !== undefined ||
  existsSync(inventoryFolder(context));

const rehearsalsHere = (context: CommandContext): readonly string[] =>
  ofDemos(
    ({ rehearses }) => rehearses !== undefined && isSameFolder(rehearses, resolve(inventoryFolder(context))),
  ).filter(isSeen);

/** The inventory whose machines this demo plays; undefined: they are made up. */
const rehearsedBy = (socket: string): string | undefined =>
  listDemoFolders().find(({ path }) => socketOfDemo(path) === socket)?.rehearses;

/** Why nothing was found where it was looked for. */
function elsewhere(context: CommandContext): string {
  const folder = inventoryFolder(context);
  const { error, isAbsent } = readSite(folder);
  const others = readNotes(context.env).map((note) => `; that of ${note.inventory}: --socket ${note.socket}`);
  const named = `the socket of an engine that runs is named with --socket${others.join('')}`;
  if (error !== undefined) {
    const place = `${join(folder, error.file)}:${error.line}:${error.column}`;
    return `; ${place} is wrong (${error.message}), so its \`stateDir:\` is not known: mend it; ${named}`;
  }
  return isAbsent === true ? `; there is no _site.yaml in ${folder} that says where; ${named}` : `; ${named}`;
}

export const socketPath = (context: CommandContext): string => findEngine(context).path;

/**
 * For whoever talks to it now. A demo that nobody named is told; which of several an order is for is asked: the wrong
 * rack would do as it says. One that only forbids is hurried: beside its rehearsal the real engine is meant.
 */
function chooseEngine(context: CommandContext, mustBeMeant: boolean, forbids = false): FoundEngine {
  const found = findEngine(context);
  const { path, demos, serves, rehearsals = [], unseen } = found;
  const folder = resolve(inventoryFolder(context));
  if (unseen !== undefined)
    throw cannotRun([unseen, ...ofDemos().map((one) => `${asOption(one)}   (a demo)`)].join('\n'));
  if (serves !== undefined && mustBeMeant)
    throw cannotRun(
      `no engine of ${folder} is running here: start \`crashcart serve\` (or up); the engine of ${serves} runs, and would take this for its own machines: if it is meant, add\n${asOption(path)}`,
    );
  if (serves !== undefined) context.err(`crashcart: this is the engine of ${serves}, and not of ${folder}\n`);
  if (mustBeMeant && !forbids && rehearsals.length > 0)
    throw usageProblem(
      `the engine of ${folder} runs here, and a rehearsal of it: say which is meant, with one of\n${asOption(path)}   (the engine)\n${rehearsals.map((one) => `${asOption(one)}   (a rehearsal)`).join('\n')}`,
    );
  if (rehearsals.length > 0) context.err(`crashcart: this is the engine of ${folder}, not its rehearsal\n`);
  if (mustBeMeant && demos.length > 1)
    throw usageProblem(
      `${demos.length} demos run here: say which is meant, with one of\n${demos.map(asOption).join('\n')}`,
    );
  if (forbids && demos.length > 0) refuseRehearsal(context, path);
  if (demos.length > 0)
    context.err(
      `crashcart: this is ${demos.length > 1 ? `the newest of ${demos.length} demos` : 'the demo'}, ${path}\n`,
    );
  return found;
}

/** What forbids would make no machine any safer there, and be told as done: not where an inventory is meant. */
function refuseRehearsal(context: CommandContext, path: string): void {
  const rehearses = rehearsedBy(path);
  const named = textOption(context, 'inventory') ?? context.env.CRASHCART_INVENTORY;
  if (rehearses === undefined && named === undefined) return;
  const folder = named === undefined ? (rehearses ?? '') : resolve(named);
  const demo = rehearses === undefined ? 'a demo' : `a rehearsal of ${rehearses}`;
  const engines = readNotes(context.env).map(
    (note) => `${asOption(note.socket)}   (the engine of ${note.inventory}, pid ${note.pid})`,
  );
  throw cannotRun(
    `no engine of ${folder} is found from here, only ${demo}, and no machine is safer for what is forbidden there: start \`crashcart serve\` (or up), or say what is meant, with\n${[...engines, `${asOption(path)}   (${demo})`].join('\n')}`,
  );
}

const asOption = (path: string): string => `  --socket ${path}`;

/** Where an engine that is started here and now will listen. Undefined: it will say itself why it cannot. */
export function ownSocket(context: CommandContext, inventory: string): string | undefined {
  const given = textOption(context, 'state');
  if (given !== undefined) return join(resolve(given), SOCKET_NAME);
  const [named] = ofInventory({ ...context, options: { ...context.options, inventory } });
  if (named !== undefined) return named;
  const dir = resolveStateDir({ HOME: homedir(), ...context.env }, process.getuid?.() ?? 0);
  return dir.ok ? join(dir.value, SOCKET_NAME) : undefined;
}

/** With its socket: without it `attach` takes what it finds first, which may be another engine. */
export const attachCommandFor = (socket: string): string =>
  `crashcart attach --socket ${/^[\w./+:@-]+$/.test(socket) ? socket : `'${socket.replaceAll("'", "'\\''")}'`}`;

/** Where the site of this folder says that its engine is. */
function ofInventory(context: CommandContext): readonly string[] {
  const folder = inventoryFolder(context);
  const stateDir = existsSync(folder) ? loadSite(folder)?.stateDir : undefined;
  return stateDir === undefined ? [] : [join(resolve(folder, stateDir), SOCKET_NAME)];
}

/** Where those are that say they serve this folder, whatever its file says by now. */
const noted = (context: CommandContext): readonly string[] =>
  notesOf(context.env, inventoryFolder(context)).map(({ socket }) => socket);

/**
 * Of the engine that runs for the inventory here. A socket that the file names may be what a crash left there; one that
 * this user may not look at, such as root's, is no less there.
 */
export function runningSocket(context: CommandContext): string | undefined {
  const [named, notes] = [ofInventory(context), noted(context)];
  const live = named.filter((path) => notes.includes(path));
  const seen = [...live, ...notes].find(isSeen);
  return seen ?? notes.find(isBarred) ?? named.find((path) => isSeen(path) || isBarred(path)) ?? notes[0];
}

/** After every real engine: a demo in the next window is what a newcomer means. */
const ofDemos = (isMeant: (demo: DemoFolder) => boolean = () => true): readonly string[] =>
  listDemoFolders().flatMap((demo) => (demo.isAlive && isMeant(demo) ? [socketOfDemo(demo.path)] : []));

const socketOfDemo = (folder: string): string => join(folder, 'state', SOCKET_NAME);

/** For a screen, or for who only looks. */
export const dialEngine = (
  context: CommandContext,
  screen: string,
  write: boolean,
  mustBeMeant = write,
): Promise<LinkClient> => dialSocket(context, chooseEngine(context, mustBeMeant), { screen, write });

/** For who goes on without an engine, and compares what one knows by identity: whose it is need not be told. */
export const dialIfAny = (context: CommandContext, screen: string): Promise<LinkClient> =>
  dialSocket(withoutEnd(context), chooseEngine({ ...context, err: () => undefined }, false), { screen, write: false });

/** For a screen that is drawn then: an engine that does not answer is told there, as one that is gone. */
export async function dialForScreen(
  context: CommandContext,
  screen: string,
  write: boolean,
  mustBeMeant: boolean,
): Promise<LinkClient> {
  const engine = chooseEngine(context, mustBeMeant);
  let isOpen = false;
  const err = (text: string): void => (isOpen ? undefined : context.err(text));
  const client = await dialSocket(withoutEnd({ ...context, err }), engine, { screen, write });
  isOpen = true;
  return client;
}

/** For one order: where another has the write side it is waited for, unless this one forbids; taken where that is wished. */
export const dialForOrder = (context: CommandContext, name: string, forbids = false): Promise<LinkClient> =>
  orderOver(context, chooseEngine(context, true, forbids), name, { forbids });

/** For an order that is waited for: who looks on must not keep the write side from whoever has to act. */
export async function dialTwice(
  context: CommandContext,
  screen: string,
  write: boolean,
): Promise<{ readonly writer: LinkClient; readonly onlooker: LinkClient }> {
  const engine = chooseEngine(context, write);
  const waiting = waitFor(context, engine.path);
  const onlooker = await dialSocket(context, engine, { screen, write: false }, waiting);
  const dialled = write
    ? orderOver(context, engine, screen, { waiting })
    : dialSocket(context, engine, { screen, write }, waiting);
  return { onlooker, writer: await dialled };
}

/** The same engine again, after it was gone: the socket is known, and nothing has to be said of it. */
export const redialEngine = (context: CommandContext, socket: string, manner: Manner): Promise<LinkClient> =>
  dialSocket(withoutEnd({ ...context, err: () => undefined }), { path: socket }, manner);

async function orderOver(
  context: CommandContext,
  engine: Dialled,
  screen: string,
  { forbids = false, waiting }: { readonly forbids?: boolean; readonly waiting?: EngineWait },
): Promise<LinkClient> {
  const client = await dialSocket(context, engine, { screen, write: true, brief: true }, waiting);
  if (flag(context, 'take')) await client.ask({ type: 'takeWrite' });
  else await awaitWriteSide(client, context.err, forbids);
  return client;
}
