import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isSea } from 'node:sea';
import { fail, ok, type Result } from '../core/result.ts';
import { loadSite } from '../inventory/load-site.ts';
import { findProgram } from '../servers/find-program.ts';
import { handOver } from '../store/hand-over.ts';
import { resolveStateDir } from '../store/state-dir.ts';
import { assetsFolder, SETTLED_BY_SITE } from './assets-folder.ts';
import { type CommandContext, cannotRun, inventoryFolder, textOption, usageProblem } from './command.ts';
import { type Capability, createHostView } from './doctor-proc.ts';
import { keepNote } from './engine-notes.ts';
import { SOCKET_NAME } from './engine-socket.ts';
import { keptCapabilities } from './kept-capabilities.ts';
import { checkReadable } from './readable-files.ts';
import { findUser, type ServiceUser } from './service-user.ts';

export const USER_OPTION = {
  user: {
    type: 'string',
    value: 'NAME',
    help: 'started as root: go on as this user, with nothing of root but low ports and raw sockets',
  },
} as const;

const TRY_MS = 30_000;

/**
 * `--user`: this process becomes the same program once more, as that user, before a thread or a socket exists. Done by
 * setpriv(1), which can keep single capabilities; Node can only give up all of them, and could bind no port again.
 */
export async function becomeUser(context: CommandContext, command: string): Promise<void> {
  const name = textOption(context, 'user');
  if (name === undefined) return;
  const user = findUser(name, context.env.PATH);
  if (!user.ok) throw usageProblem(`--user: ${user.error}`);
  const uid = process.getuid?.();
  if (uid === user.value.uid) return;
  if (uid !== 0) throw usageProblem(`--user ${name}: only root can become another user; this is user ${uid}`);
  const setpriv = findProgram('setpriv', context.env.PATH);
  if (setpriv === undefined || process.execve === undefined)
    throw cannotRun(
      '--user needs setpriv(1) of util-linux and Node 22.15 or newer; without them start as that user, with the systemd unit in assets/systemd or with setcap',
    );
  const privileges = privilegeWords(user.value, keptCapabilities(createHostView()));
  const env = userEnv(context.env, user.value);
  const tried = tryOut(setpriv, [...privileges, ...programWords(), '--version'], env);
  if (!tried.ok) throw cannotRun(`--user ${name}: this program cannot run as that user: ${tried.error}`);
  const readable = await checkReadable(resolve(inventoryFolder(context)), user.value, [setpriv, ...privileges]);
  if (!readable.ok) throw cannotRun(`--user ${name}: ${readable.error}`);
  const folders = await settleFolders(context, user.value);
  const words = [command, ...context.words, ...optionWords({ ...context.options, user: undefined, ...folders })];
  const bySite = [
    ...(textOption(context, 'state') === undefined ? ['state'] : []),
    ...(textOption(context, 'assets') === undefined && context.env.CRASHCART_ASSETS === undefined ? ['assets'] : []),
  ];
  const told = { ...env, [SETTLED_BY_SITE]: bySite.join() };
  // He cannot write where root looks. The process stays the same one, and so does its number.
  const { inventory, state, assets } = folders;
  keepNote(context.env, { pid: process.pid, inventory, socket: join(state, SOCKET_NAME), assets });
  process.execve(setpriv, [setpriv, ...privileges, ...programWords(), ...words], told);
}

/** The folders of root's own choice are named, since that user's would be others; the state folder becomes his. */
async function settleFolders(context: CommandContext, user: ServiceUser) {
  const inventory = resolve(inventoryFolder(context));
  const site = loadSite(inventory);
  const named = textOption(context, 'state');
  const bySite = site?.stateDir === undefined ? resolveStateDir(context.env, 0) : ok(resolve(inventory, site.stateDir));
  const state = named === undefined ? bySite : ok(resolve(named));
  if (!state.ok) throw cannotRun(state.error);
  const handed = await handOver(state.value, user);
  if (!handed.ok) throw cannotRun(`--user ${user.name}: ${handed.error}`);
  const assets = assetsFolder(context, site);
  // Images that are there are read; a vault that is not there yet is made for whoever is to fill it.
  if (mkdirSync(assets, { recursive: true }) !== undefined) chownSync(assets, user.uid, user.gid);
  return { inventory, state: state.value, assets };
}

export function privilegeWords({ uid, gid }: ServiceUser, kept: readonly Capability[]): readonly string[] {
  const set = ['-all', ...kept.map((one) => `+${one.toLowerCase().replace(/^cap_/, '')}`)].join(',');
  return [
    ...['--reuid', String(uid), '--regid', String(gid), '--init-groups'],
    ...['--inh-caps', set, '--ambient-caps', set, '--bounding-set', set, '--no-new-privs', '--'],
  ];
}

const programWords = (): readonly string[] =>
  isSea() ? [process.execPath] : [process.execPath, ...process.execArgv, process.argv[1] ?? ''];

/** What is root's own does not go along; who became root by sudo is still named in the audit. */
function userEnv(env: CommandContext['env'], { name, home }: ServiceUser): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([key]) => !/^XDG_(STATE|CONFIG|CACHE|DATA|RUNTIME)_/.test(key));
  return { ...Object.fromEntries(kept), HOME: home, USER: name, LOGNAME: name, SUDO_USER: env.SUDO_USER ?? 'root' };
}

/** Asked of the kernel itself: a program below /root, a container without some right, a user that may run nothing. */
function tryOut(setpriv: string, words: readonly string[], env: NodeJS.ProcessEnv): Result<void> {
  const tried = spawnSync(setpriv, words, { encoding: 'utf8', timeout: TRY_MS, env });
  if (tried.status === 0) return ok(undefined);
  const said = `${tried.stderr ?? ''}`.trim().split('\n')[0] ?? '';
  return fail(said === '' ? `it ended with ${tried.error?.message ?? tried.signal ?? tried.status}` : said);
}

/** Options as they are typed. */
export function optionWords(options: CommandContext['options']): readonly string[] {
  return Object.entries(options).flatMap(([name, value]) =>
    [value]
      .flat()
      .flatMap((one) => (one === true ? [`--${name}`] : typeof one === 'string' ? [`--${name}=${one}`] : [])),
  );
}
