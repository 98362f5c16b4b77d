import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';
import { loadInventory } from '../inventory/load-inventory.ts';
import { namedFiles } from './named-files.ts';
import type { ServiceUser } from './service-user.ts';

/** Says of each path on a line of its own whether whoever runs it may not read it. */
const ASK = 'while IFS= read -r file; do [ -r "$file" ] || printf "%s\\n" "$file"; done';
const ASK_MS = 30_000;
/** So many are told one by one. */
const TOLD = 5;

/**
 * May that user read what the inventory names? `as` are the words that run a program as he will run, so that groups and
 * access lists count. A file that is not there for root either is told elsewhere, and so is an inventory with errors.
 */
export async function checkReadable(folder: string, user: ServiceUser, as: readonly string[]): Promise<Result<void>> {
  const { inventory } = await loadInventory(folder);
  if (inventory === undefined) return ok(undefined);
  const found = new Map<string, string>();
  for (const [path, what] of namedFiles(inventory)) {
    // `~` is that user's by then, not root's.
    const full = path.startsWith('~/') ? resolve(user.home, path.slice(2)) : resolve(folder, path);
    if (existsSync(full)) found.set(full, what);
  }
  if (found.size === 0) return ok(undefined);
  const [program = '', ...words] = as;
  const asked = spawnSync(program, [...words, '/bin/sh', '-c', ASK], {
    input: [...found.keys(), ''].join('\n'),
    encoding: 'utf8',
    timeout: ASK_MS,
    cwd: '/',
  });
  if (asked.status !== 0) return ok(undefined);
  const unreadable = asked.stdout.split('\n').filter((path) => found.has(path));
  if (unreadable.length === 0) return ok(undefined);
  const more = unreadable.length > TOLD ? [`and ${unreadable.length - TOLD} more`] : [];
  const told = unreadable.slice(0, TOLD).map((path) => `${path} (${found.get(path)})`);
  return fail(
    `that user cannot read ${[...told, ...more].join(', ')}: give it to the group of ${user.name} (chgrp ${user.gid} FILE; chmod 640 FILE) and let that group through its folders (chmod g+x), or name a place that he can read`,
  );
}
