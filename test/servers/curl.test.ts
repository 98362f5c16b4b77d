import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mustRun } from '../firmware/run-command.ts';
import { nodeSpec } from '../netboot/boot-fixture.ts';
import { type BootStack, startBootStack } from './boot-stack.ts';

/** HTTP as a client that is not ours understands it. */

const there = spawnSync('curl', ['--version']).status === 0;
if (!there) process.stderr.write('skipped: curl is not installed\n');
const describeHere = there || process.env['CI'] === 'true' ? describe : describe.skip;

const folder = mkdtempSync(join(tmpdir(), 'crashcart-curl-'));
const out = join(folder, 'out');
let stack: BootStack;
let url = '';
beforeAll(async () => {
  stack = await startBootStack({ nodes: [nodeSpec('n1', '52:54:00:00:00:01')] });
  url = `http://127.0.0.1:${stack.ports.http}/b/ipxe.efi`;
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

const curl = (...args: string[]) => mustRun('curl', ['-sS', '--fail', '--max-time', '60', ...args]);

describeHere('curl', { timeout: 90_000 }, () => {
  test('gets the whole file, by HTTP/1.1 and by HTTP/1.0', async () => {
    for (const version of ['--http1.1', '--http1.0']) {
      await curl(version, '-o', out, url);
      expect(readFileSync(out).equals(stack.loader), version).toBe(true);
    }
  });

  test('reads the size of a HEAD, and waits for no body', async () => {
    const head = await curl('-I', url);
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toContain('\r\nContent-Length: 300001\r\n');
    expect(head).toContain('\r\nAccept-Ranges: bytes\r\n');
  });

  test('goes on with a file of which it has the first half', async () => {
    writeFileSync(out, stack.loader);
    truncateSync(out, 150_000);
    await curl('-C', '-', '-o', out, url);
    expect(readFileSync(out).equals(stack.loader)).toBe(true);
  });

  test('gets a part from the middle and one from the end', async () => {
    await curl('-r', '1000-1999', '-o', out, url);
    expect(readFileSync(out).equals(stack.loader.subarray(1000, 2000))).toBe(true);
    await curl('-r', '-7', '-o', out, url);
    expect(readFileSync(out).equals(stack.loader.subarray(-7))).toBe(true);
  });

  test('uses one connection for several files, also after one that is not there', async () => {
    const none = url.replace('ipxe.efi', 'none.efi');
    const three = [url, none, url].flatMap((one) => ['-o', out, one]);
    const said = await mustRun('curl', ['-sS', '--max-time', '60', '-w', '%{http_code} %{num_connects}\n', ...three]);
    expect(said.trim().split('\n')).toEqual(['200 1', '404 0', '200 0']);
  });

  test('asks with Expect: 100-continue and a body, and is refused without a hang', async () => {
    writeFileSync(out, Buffer.alloc(2_000_000));
    const said = await mustRun('sh', [
      '-c',
      `curl -s --max-time 60 -o /dev/null -w '%{http_code}' --data-binary @${out} ${url} || true`,
    ]);
    expect(said).toMatch(/^(405|413)$/);
  });
});
