import { accessSync, constants, lstatSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf } from '../store/explain-disk-error.ts';
import { bad, type Finding, fine, type Say, warn } from './doctor-line.ts';
import type { DoctorSite } from './doctor-site.ts';

const GB = 1e9;
/** The journal keeps 256 MB, and each snapshot may take as much again while it is written. */
const STATE_LEAST_BYTES = 0.3 * GB;
const STATE_GOOD_BYTES = 2 * GB;
/** One Talos version of one schematic for one architecture is about 100 MB; a pull needs room for the part that comes. */
const ASSETS_LEAST_BYTES = 0.2 * GB;
const ASSETS_GOOD_BYTES = 1 * GB;

/** State and assets folders: there or to be made, ours, writable, with room. */
export async function checkDisk(doctor: DoctorSite, say: Say, whyNot: WhyNot = whyNotHere): Promise<void> {
  const { stateDir, assetsDir } = doctor;
  const state = checkStateFolder(doctor);
  if (state !== undefined) say(state);
  const stateRoom = { least: STATE_LEAST_BYTES, good: STATE_GOOD_BYTES, way: '--state DIR, or `stateDir:`' };
  say(checkRoom({ what: 'state', path: stateDir, ...stateRoom }, whyNot));
  // One that is not there is made at the start, which takes the right to write.
  const barred = whyNot(assetsDir, 'read') === undefined ? whyNot(assetsDir, 'write') : undefined;
  if (barred !== undefined) return say(onlyReadable(assetsDir, barred));
  const assetsRoom = { least: ASSETS_LEAST_BYTES, good: ASSETS_GOOD_BYTES, way: '--assets DIR, or `assetsDir:`' };
  say(checkRoom({ what: 'assets', path: assetsDir, ...assetsRoom }, whyNot));
}

function onlyReadable(assetsDir: string, why: string): Finding {
  const needs = 'serving needs no more';
  return why === 'EROFS'
    ? warn(
        `assets folder ${assetsDir} is on a read-only file system: ${needs}`,
        'images pull, add and import need one that is remounted, or another folder',
      )
    : warn(
        `assets folder ${assetsDir} can be read and not written by this user: ${needs}`,
        'images pull, add and import need a user who may write there',
      );
}

function checkStateFolder({ stateDir }: DoctorSite): Finding | undefined {
  const found = lstatSync(stateDir, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  const uid = process.getuid?.() ?? found.uid;
  if (!found.isDirectory()) return bad(`${stateDir} is no folder`, 'move it away, or choose another --state');
  if (found.uid !== uid && uid === 0)
    return fine(`${stateDir} belongs to user ${found.uid}: as root, serve and up take --user ${found.uid}`);
  if (found.uid !== uid)
    return warn(
      `${stateDir} belongs to user ${found.uid}, doctor runs as ${uid}`,
      'run doctor and crashcart as its user',
    );
  if ((found.mode & 0o077) === 0) return undefined;
  const mode = (found.mode & 0o777).toString(8);
  return warn(`${stateDir} is open to other users (mode ${mode})`, `chmod 700 ${stateDir}`);
}

/** The folder itself, or the nearest above it that is there: the rest is made at the start. */
function nearestFolder(path: string): string {
  let at = path;
  while (statSync(at, { throwIfNoEntry: false }) === undefined && dirname(at) !== at) at = dirname(at);
  return at;
}

/** What keeps this user from it in a folder, as the errno of the kernel; tests put another user in its place. */
export type WhyNot = (folder: string, right: 'read' | 'write') => string | undefined;

const RIGHTS = { read: constants.R_OK | constants.X_OK, write: constants.W_OK | constants.X_OK } as const;

const whyNotHere: WhyNot = (folder, right) => {
  try {
    accessSync(folder, RIGHTS[right]);
    return undefined;
  } catch (error) {
    return errnoOf(error) ?? 'EACCES';
  }
};

interface Place {
  readonly what: 'state' | 'assets';
  readonly path: string;
  readonly least: number;
  readonly good: number;
  readonly way: string;
}

function checkRoom({ what, path, least, good, way }: Place, whyNot: WhyNot): Finding {
  const folder = nearestFolder(path);
  const barred = whyNot(folder, 'write');
  if (barred === 'EROFS')
    return bad(
      `${what} folder ${path}: the file system of ${folder} is read-only`,
      `see dmesg for why and remount it, or choose another one with ${way}`,
    );
  if (barred !== undefined)
    return bad(
      `${what} folder ${path}: ${folder} cannot be written`,
      `run as a user who may, or choose another one with ${way}`,
    );
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const words = `${what} folder ${path}: ${(free / GB).toFixed(1)} GB free`;
  if (free < least) return bad(words, `make room, or choose another place with ${way}`);
  if (free < good) return warn(words, `make room soon, or choose another place with ${way}`);
  return fine(words);
}

/** Files are dated by this clock too; one that lies this far ahead means that it was set back. */
const AHEAD_MS = 5 * 60_000;
const SYNC_SIGNS = [
  '/run/systemd/timesync/synchronized',
  '/run/chrony/chronyd.pid',
  '/run/chronyd.pid',
  '/run/chrony.pid',
  '/run/ntpd.pid',
  '/run/ntpsec/ntpd.pid',
] as const;

export async function checkClock(doctor: DoctorSite, say: Say): Promise<void> {
  say(judgeClock(doctor));
}

function judgeClock(doctor: DoctorSite): Finding {
  const now = new Date(doctor.nowMs);
  const words = now.toISOString().slice(0, 19).replace('T', ' ');
  const year = now.getUTCFullYear();
  if (year < 2025 || year > 2099)
    return bad(
      `it is ${words} here: the clock is wrong`,
      'set it (date -s, timedatectl): certificates of BMCs and Talos depend on it',
    );
  const ahead = newestFile([doctor.folder, doctor.stateDir]);
  if (ahead !== undefined && ahead.mtimeMs > doctor.nowMs + AHEAD_MS) {
    const minutes = Math.round((ahead.mtimeMs - doctor.nowMs) / 60_000);
    return warn(
      `${ahead.path} was written ${minutes} minutes in the future`,
      'compare the clock with another one, then set it',
    );
  }
  const sign = SYNC_SIGNS.find((path) => doctor.host.text(path) !== undefined);
  if (sign !== undefined) return fine(`${words} UTC, kept by NTP (${sign})`);
  return warn(
    `${words} UTC; nothing keeps it (no timesyncd, chrony or ntpd)`,
    'timedatectl set-ntp true; without internet compare it by eye: machines take their time from `ntp:`',
  );
}

function newestFile(folders: readonly string[]): { readonly path: string; readonly mtimeMs: number } | undefined {
  let newest: { readonly path: string; readonly mtimeMs: number } | undefined;
  for (const folder of folders) {
    for (const name of listNames(folder)) {
      const path = join(folder, name);
      const mtimeMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (newest === undefined || mtimeMs > newest.mtimeMs) newest = { path, mtimeMs };
    }
  }
  return newest;
}

function listNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
