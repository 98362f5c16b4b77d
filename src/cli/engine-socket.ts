import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { loadSite } from '../inventory/load-site.ts';
import { connectLink, type LinkClient } from '../link/connect-link.ts';
import { dialControl } from '../link/control-socket.ts';
import type { FromClient, FromEngine } from '../link/link-protocol.ts';
import { createSocketCarrier } from '../link/socket-carrier.ts';
import { resolveStateDir } from '../store/state-dir.ts';
import { type CommandContext, cannotRun, inventoryFolder, textOption } from './command.ts';
import { listDemoFolders } from './demo-folders.ts';

export const SOCKET_NAME = 'control.sock';

export function socketPath(context: CommandContext): string {
  const given = textOption(context, 'socket') ?? context.env.CRASHCART_SOCKET;
  if (given !== undefined) return given;
  const dir = resolveStateDir({ HOME: homedir(), ...context.env }, process.getuid?.() ?? 0);
  const own = dir.ok ? [join(dir.value, SOCKET_NAME)] : [];
  const found = [...ofInventory(context), ...own, ...ofDemos()].find((path) => existsSync(path));
  if (found !== undefined) return found;
  if (!dir.ok) throw cannotRun(dir.error);
  return join(dir.value, SOCKET_NAME);
}

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

/** After every real engine: a demo in the next window is what a newcomer means. */
const ofDemos = (): readonly string[] =>
  listDemoFolders().flatMap(({ path, isAlive }) => (isAlive ? [join(path, 'state', SOCKET_NAME)] : []));

/** Who is at the keyboard: behind sudo the person counts, not root; over SSH the peer. */
export function whoIsThere(env: Readonly<Record<string, string | undefined>>): {
  readonly user: string;
  readonly from: string;
} {
  const user = env.SUDO_USER ?? userInfo().username;
  const peer = env.SSH_CONNECTION?.split(' ')[0];
  return {
    user,
    from: peer ?? (process.stdin.isTTY ? (env.TMUX === undefined ? 'terminal' : 'tmux') : `pid ${process.pid}`),
  };
}

export async function dialEngine(context: CommandContext, screen: string, write: boolean): Promise<LinkClient> {
  const socket = await dialControl(socketPath(context));
  if (!socket.ok) throw cannotRun(socket.error);
  const carrier = createSocketCarrier<FromClient, FromEngine>(socket.value);
  const client = await connectLink(carrier, { ...whoIsThere(context.env), screen, write });
  if (!client.ok) throw cannotRun(client.error);
  return client.value;
}
