import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { connectLink, type LinkClient } from '../link/connect-link.ts';
import { dialControl } from '../link/control-socket.ts';
import type { FromClient, FromEngine } from '../link/link-protocol.ts';
import { createSocketCarrier } from '../link/socket-carrier.ts';
import { resolveStateDir } from '../store/state-dir.ts';
import { type CommandContext, cannotRun, textOption } from './command.ts';

export const SOCKET_NAME = 'control.sock';

export function socketPath(context: CommandContext): string {
  const given = textOption(context, 'socket') ?? context.env.CRASHCART_SOCKET;
  if (given !== undefined) return given;
  const dir = resolveStateDir({ HOME: homedir(), ...context.env }, process.getuid?.() ?? 0);
  if (!dir.ok) throw cannotRun(dir.error);
  return join(dir.value, SOCKET_NAME);
}

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
