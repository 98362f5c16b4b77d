import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a demo keeps, for as long as it runs. */
export interface DemoFolder {
  readonly path: string;
  /** Its process is there. */
  readonly isAlive: boolean;
  /** The inventory of which it plays the machines; undefined: they are made up. */
  readonly rehearses?: string;
}

export const demoFolder = (pid: number): string => join(tmpdir(), `crashcart-demo-${pid}`);

/** Those of this user, the newest first: what lies in a common folder under such a name may be anybody's. */
export function listDemoFolders(folder: string = tmpdir()): readonly DemoFolder[] {
  const uid = process.getuid?.();
  const found = readdirSync(folder).flatMap((name) => {
    const pid = Number(/^crashcart-demo-(\d+)$/.exec(name)?.[1]);
    if (!Number.isInteger(pid)) return [];
    const path = join(folder, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory() !== true || (uid !== undefined && stat.uid !== uid)) return [];
    const rehearses = rehearsedIn(path);
    return [
      { path, isAlive: isAlive(pid), bornMs: stat.birthtimeMs, ...(rehearses === undefined ? {} : { rehearses }) },
    ];
  });
  return found.sort((a, b) => b.bornMs - a.bornMs);
}

const REHEARSES = 'rehearses';

/** For commands: they would not know it from the engine of that inventory. */
export const noteRehearsed = (folder: string, inventory: string): void =>
  writeFileSync(join(folder, REHEARSES), inventory);

function rehearsedIn(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, REHEARSES), 'utf8') || undefined;
  } catch {
    return undefined;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
