import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';
import type { DocumentRef, SecretRef } from '../core/spec.ts';
import { explainReadError } from './read-tree.ts';

export interface ResolveOptions {
  /** Paths and commands start from the inventory folder. */
  readonly folder: string;
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const TIMEOUT_MS = 10_000;
const SECRET_LIMIT_BYTES = 64 * 1024;
const DOCUMENT_LIMIT_BYTES = 4 * 1024 * 1024;

export function documentPath(path: string, folder: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(folder, path);
}

async function readLimited(path: string, limitBytes: number): Promise<Result<Buffer>> {
  try {
    const file = await open(path, 'r');
    try {
      const stat = await file.stat();
      if (!stat.isFile()) return fail(`${path} is no regular file`);
      const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(stat.size, limitBytes) + 1));
      if (bytesRead > limitBytes) return fail(`${path} is larger than ${limitBytes / 1024} KiB`);
      return ok(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return fail(isGone ? `there is no file ${path}` : `${path} cannot be read: ${explainReadError(error)}`);
  }
}

/**
 * Runs through the shell, as the operator wrote it. What the command prints, on either stream, never reaches a
 * message: it may be the secret, or half of it.
 */
function runCommand(command: string, limitBytes: number, options: ResolveOptions): Promise<Result<Buffer>> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  return new Promise((done) => {
    const child = spawn('/bin/sh', ['-c', command], {
      cwd: options.folder,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, ...options.env },
      // A group of its own, so that what the shell started ends with it.
      detached: true,
    });
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    let settled = false;
    const settle = (result: Result<Buffer>) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      child.stdout?.destroy();
      done(result);
    };
    const stop = (why: string) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Already gone.
      }
      settle(fail(why));
    };
    const timer = setTimeout(() => stop(`the command took longer than ${timeoutMs} ms`), timeoutMs);
    child.on('error', () => settle(fail('the command cannot be started')));
    // None where no file can be opened for it; then its `error` says so.
    child.stdout?.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes > limitBytes) stop(`the command printed more than ${limitBytes / 1024} KiB`);
    });
    child.on('close', (code, signal) => {
      if (code === 0) settle(ok(Buffer.concat(chunks)));
      else settle(fail(code === null ? `the command was ended by ${signal}` : `the command ended with status ${code}`));
    });
  });
}

/** A secret just before its use. Nothing is kept, and no error repeats any part of it. */
export async function resolveSecret(ref: SecretRef, options: ResolveOptions): Promise<Result<string>> {
  if (ref.from === 'env') {
    const value = (options.env ?? process.env)[ref.name];
    if (value === undefined) return fail(`the environment variable ${ref.name} is not set`);
    return value === '' ? fail(`the environment variable ${ref.name} is empty`) : ok(value);
  }
  const bytes =
    ref.from === 'file'
      ? await readLimited(documentPath(ref.path, options.folder), SECRET_LIMIT_BYTES)
      : await runCommand(ref.command, SECRET_LIMIT_BYTES, options);
  if (!bytes.ok) return bytes;
  const text = bytes.value.toString('utf8').replace(/\r?\n$/, '');
  if (text === '') return fail(ref.from === 'file' ? `${ref.path} is empty` : 'the command printed nothing');
  if (/[\r\n\0]/.test(text)) return fail('the secret has more than one line');
  return ok(text);
}

/** A Talos config, a patch or a template as bytes; parsing it is for others. */
export async function resolveDocument(ref: DocumentRef, options: ResolveOptions): Promise<Result<Buffer>> {
  const bytes =
    ref.from === 'file'
      ? await readLimited(documentPath(ref.path, options.folder), DOCUMENT_LIMIT_BYTES)
      : await runCommand(ref.command, DOCUMENT_LIMIT_BYTES, options);
  if (bytes.ok && bytes.value.length === 0)
    return fail(ref.from === 'file' ? `${ref.path} is empty` : 'the command printed nothing');
  return bytes;
}
