import { join } from 'node:path';
import { spawn as spawnPty } from 'node-pty';
import { nodeName, type OwnServer } from '../net/own-server.ts';

export interface WatchingScreen {
  /** Its first picture is there; throws what it said instead, if it ended or nothing came. */
  readonly attached: () => Promise<void>;
  readonly drawn: () => number;
  readonly close: () => void;
}

const FIRST_PICTURE_MS = 30_000;

/** An operator who watches: what a screen costs is part of the figure. */
export function attachScreen(own: OwnServer): WatchingScreen {
  const args = [own.program, 'attach'];
  const terminal = spawnPty(process.execPath, args, {
    cols: 160,
    rows: 48,
    cwd: join(import.meta.dirname, '../../..'),
    env: { ...process.env, ...own.env, TERM: 'xterm-256color' },
  });
  let bytes = 0;
  let shown = '';
  let isThere = false;
  let ended: string | undefined;
  terminal.onData((text) => {
    bytes += text.length;
    shown += text;
    // A name of a machine stands only in a picture of the fleet, not in a message that none can be shown.
    isThere ||= shown.includes(nodeName(0));
    shown = shown.slice(-4000);
  });
  terminal.onExit(({ exitCode }) => {
    ended = `it ended with code ${exitCode}`;
  });
  return {
    attached: async () => {
      const until = Date.now() + FIRST_PICTURE_MS;
      while (!isThere) {
        if (ended !== undefined || Date.now() > until)
          throw new Error(`the attached screen shows no machine (${ended ?? 'in 30 s'}): ${JSON.stringify(shown)}`);
        await new Promise((again) => setTimeout(again, 100));
      }
    },
    close: () => terminal.kill(),
    drawn: () => bytes,
  };
}
