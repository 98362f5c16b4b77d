import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fail, ok, type Result } from '../core/result.ts';
import { findProgram } from '../servers/find-program.ts';

export interface ServiceUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** A user of this machine, by name or number. `getent` knows those of LDAP and the like too. */
export function findUser(name: string, path: string | undefined): Result<ServiceUser> {
  if (!/^[\w.@-]+$/.test(name) || name.startsWith('-')) return fail(`"${name}" is no name of a user`);
  const line = askGetent(name, path) ?? readPasswd(name);
  const user = line === undefined ? undefined : parsePasswd(line);
  if (user === undefined)
    return fail(`there is no user ${name} here: useradd --system --home-dir /var/lib/crashcart ${name}`);
  return user.uid === 0 ? fail(`${name} is root by another name, and gives nothing up`) : ok(user);
}

function askGetent(name: string, path: string | undefined): string | undefined {
  const getent = findProgram('getent', path);
  if (getent === undefined) return undefined;
  const asked = spawnSync(getent, ['passwd', name], { encoding: 'utf8', timeout: 10_000 });
  return asked.status === 0 ? asked.stdout.split('\n', 1)[0] : undefined;
}

function readPasswd(name: string): string | undefined {
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
    return lines.find((line) => line.startsWith(`${name}:`) || line.split(':')[2] === name);
  } catch {
    return undefined;
  }
}

export function parsePasswd(line: string): ServiceUser | undefined {
  const [name = '', , uid = '', gid = '', , home = ''] = line.split(':');
  if (name === '' || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return undefined;
  return { name, uid: Number(uid), gid: Number(gid), home: home.startsWith('/') ? home : '/' };
}
