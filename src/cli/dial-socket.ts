import { connectLink, type Hello, type LinkClient } from '../link/connect-link.ts';
import { dialControl } from '../link/control-socket.ts';
import type { FromClient, FromEngine } from '../link/link-protocol.ts';
import { createSocketCarrier } from '../link/socket-carrier.ts';
import { type Waiting, watchSilence } from '../link/watch-silence.ts';
import { awaitEngine } from './await-engine.ts';
import { type CommandContext, cannotRun } from './command.ts';
import { whoIsThere } from './who-is-there.ts';

export type Manner = Omit<Hello, 'user' | 'from'>;
export interface Dialled {
  readonly path: string;
  /** Where no engine is: why it may be elsewhere. */
  readonly hint?: string;
}

export interface EngineWait extends Waiting {
  /** Why it is not waited for any longer. */
  readonly end: () => string | undefined;
}

/** Of all connections of one command. */
export function waitFor({ err, giveUp }: CommandContext, socket: string): EngineWait {
  let end: string | undefined;
  const over = (why: string): void => {
    end = why;
    giveUp?.(cannotRun(why));
  };
  return { ...awaitEngine(socket, { err, giveUp: over }), end: () => end };
}

export async function dialSocket(
  context: CommandContext,
  { path, hint = '' }: Dialled,
  manner: Manner,
  waiting = waitFor(context, path),
): Promise<LinkClient> {
  const socket = await dialControl(path);
  if (!socket.ok) throw cannotRun(`${socket.error}${hint}`);
  const carrier = watchSilence(createSocketCarrier<FromClient, FromEngine>(socket.value), waiting);
  const client = await connectLink(carrier, { ...whoIsThere(context.env), ...manner });
  if (!client.ok) throw cannotRun(waiting.end() ?? client.error);
  return client.value;
}

/** For who goes on where the engine does not answer. */
export const withoutEnd = ({ giveUp: _end, ...context }: CommandContext): CommandContext => context;
