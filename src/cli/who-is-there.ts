import { userInfo } from 'node:os';

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
