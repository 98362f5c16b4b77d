// Two commands started at once on a fresh clone must not install into each other. The lock is there only while something
// is being done; one that a killed process left behind says what it was doing.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TOP } from './freshness.mjs';

const LOCK = join(TOP, 'dist', '.prepare.lock');
const POLL_MS = 200;
const PATIENCE_MS = 15 * 60_000;

function readHolder() {
  try {
    return JSON.parse(readFileSync(LOCK, 'utf8'));
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return false;
  }
  try {
    // The number may belong to somebody else by now (a container that was started again).
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('prepare.mjs');
  } catch {
    return process.platform !== 'linux';
  }
}

/** Waits for another one that is at it. Returns what a killed one was doing, if there was one. */
export async function takeLock() {
  mkdirSync(dirname(LOCK), { recursive: true });
  const deadline = Date.now() + PATIENCE_MS;
  let cutOff;
  for (let told = false; ; ) {
    try {
      writeFileSync(LOCK, JSON.stringify({ pid: process.pid, doing: 'looking' }), { flag: 'wx' });
      return cutOff;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = readHolder();
    if (holder === undefined || !isAlive(holder.pid) || Date.now() > deadline) {
      cutOff = holder?.doing;
      rmSync(LOCK, { force: true });
      continue;
    }
    if (!told) process.stdout.write(`crashcart: waiting for the install of process ${holder.pid} …\n`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export function noteDoing(doing) {
  writeFileSync(LOCK, JSON.stringify({ pid: process.pid, doing }));
}

export function releaseLock() {
  rmSync(LOCK, { force: true });
}
