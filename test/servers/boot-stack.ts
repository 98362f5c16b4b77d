import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Artefact } from '../../src/core/job.ts';
import type { ArtefactPort, LoadedFile, LogLine, RenderedPort } from '../../src/core/ports.ts';
import type { Result } from '../../src/core/result.ts';
import type { NodeSpec, SubnetSpec } from '../../src/core/spec.ts';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { createTokenBook } from '../../src/netboot/attempt-token.ts';
import type { BootSite } from '../../src/netboot/boot-site.ts';
import { createBulkPool } from '../../src/servers/bulk-pool.ts';
import { createCaptureRing } from '../../src/servers/capture-ring.ts';
import { createDhcpServer, type DhcpServer } from '../../src/servers/create-dhcp-server.ts';
import { createHttpServer, type HttpServer } from '../../src/servers/create-http-server.ts';
import { createTftpServer, type TftpServer } from '../../src/servers/create-tftp-server.ts';
import { createDhcpRush } from '../../src/servers/dhcp-rush.ts';
import { createFileStore } from '../../src/servers/file-store.ts';
import type { BootParts, ServerProblem } from '../../src/servers/server-parts.ts';
import type { WhenStored } from '../../src/servers/write-hold.ts';
import {
  bootSite,
  createTestEngine,
  sha256,
  siteSpec,
  subnet,
  type TestEngine,
  type TestImages,
} from '../netboot/boot-fixture.ts';

/** The whole stack on loopback, every port chosen by the kernel. */
export interface BootStack {
  readonly engine: TestEngine;
  readonly parts: BootParts;
  readonly logs: LogLine[];
  readonly images: TestImages;
  readonly loader: Buffer;
  readonly initrd: Buffer;
  readonly dhcp: DhcpServer;
  readonly ports: { readonly dhcp: number; readonly tftp: number; readonly http: number };
  readonly render: (port: RenderedPort) => void;
  /** The threads that send, also those that ended. */
  readonly workers: readonly Worker[];
  readonly files: () => { readonly http: HttpServer; readonly tftp: TftpServer };
  /** The file of the site names other networks from now on. */
  readonly reload: (networks: readonly SubnetSpec[]) => void;
  readonly restartHttp: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export function must<T>(result: Result<T, ServerProblem | string>): T {
  if (result.ok) return result.value;
  throw new Error(typeof result.error === 'string' ? result.error : `${result.error.why}; ${result.error.advice}`);
}

export interface StackOptions {
  readonly nodes: readonly NodeSpec[];
  readonly networks?: readonly SubnetSpec[];
  readonly initrdBytes?: number;
  /** Images are sent by this many threads; without it by the one of the test. */
  readonly bulkThreads?: number;
  /** What the threads may hold; larger files are read in pieces. */
  readonly bulkBytes?: number;
  readonly whenStored?: WhenStored;
  /** TFTP and HTTP listen at every address of the site, and follow it. */
  readonly followsSite?: boolean;
  readonly loaderBytes?: number;
}

export async function startBootStack({
  nodes,
  networks,
  initrdBytes = 3_000_000,
  bulkThreads,
  bulkBytes,
  whenStored,
  followsSite = false,
  loaderBytes = 300_001,
}: StackOptions): Promise<BootStack> {
  const folder = mkdtempSync(join(tmpdir(), 'crashcart-boot-'));
  const write = (name: string, bytes: Buffer): LoadedFile => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return { path, sizeBytes: bytes.length, sha256: sha256(bytes) };
  };
  const loader = randomBytes(loaderBytes);
  const kernel = randomBytes(1_000_000);
  const initrd = randomBytes(initrdBytes);
  const files = {
    loader: write('ipxe.efi', loader),
    kernel: write('vmlinuz', kernel),
    initrd: write('initramfs', initrd),
  };
  const images = { kernel: artefactOf('vmlinuz', files.kernel), initrd: artefactOf('initramfs', files.initrd) };
  const artefacts: ArtefactPort = {
    loader: (name) => (['ipxe.efi', 'undionly.kpxe', 'ipxe-arm64.efi'].includes(name) ? files.loader : undefined),
    artefact: ({ path }) => (path === 'vmlinuz' ? files.kernel : path === 'initramfs' ? files.initrd : undefined),
    discovery: () => ({ ...images, args: ['talos.platform=metal'] }),
  };
  const engine = createTestEngine(nodes, true);
  const logs: LogLine[] = [];
  let rendered: RenderedPort = { of: () => undefined };
  let site: BootSite = bootSite(siteSpec(networks ?? [subnet()]));
  const rush = createDhcpRush();
  const parts: BootParts = {
    engine,
    site: () => site,
    rendered: { of: (node) => rendered.of(node) },
    artefacts,
    tokens: createTokenBook(Buffer.from('a site secret')),
    addresses: createAddressBook(engine.fleet()),
    onLog: (line) => logs.push(line),
    captures: createCaptureRing(),
    rush,
  };
  const store = createFileStore();
  const bind = { port: 0, address: '127.0.0.1' };
  const workers: Worker[] = [];
  const bulk =
    bulkThreads === undefined
      ? undefined
      : createBulkPool({
          threads: bulkThreads,
          start: () => {
            const worker = new Worker(new URL('../../src/servers/bulk-thread-main.ts', import.meta.url), {
              execArgv: [],
              workerData: { role: 'bulk' },
            });
            workers.push(worker);
            return worker;
          },
          onLog: (line) => logs.push(line),
          now: engine.now,
          rush,
          ...(bulkBytes === undefined ? {} : { budgetBytes: bulkBytes }),
        });
  const senders = { http: bulk === undefined ? {} : { bulk }, tftp: bulk === undefined ? {} : { runner: bulk.tftp } };
  const startHttp = async (port: number) =>
    must(
      await createHttpServer({
        ...parts,
        bind: followsSite ? { port } : { ...bind, port },
        files: store,
        ...senders.http,
        ...(whenStored === undefined ? {} : { whenStored }),
      }),
    );
  let http = await startHttp(0);
  const tftp = must(
    await createTftpServer({ ...parts, bind: followsSite ? { port: 0 } : bind, files: store, ...senders.tftp }),
  );
  const ports = { http: http.listens[0]?.port ?? 0, tftp: tftp.listens[0]?.port ?? 0 };
  site = bootSite(siteSpec(networks ?? [subnet()], { ports: { ...site.spec.ports, http: ports.http } }));
  const dhcp = must(await createDhcpServer({ ...parts, bind }));
  return {
    engine,
    parts,
    logs,
    images,
    loader,
    initrd,
    dhcp,
    ports: { ...ports, dhcp: dhcp.listens[0]?.port ?? 0 },
    render: (port) => {
      rendered = port;
    },
    workers,
    files: () => ({ http, tftp }),
    reload: (nets) => {
      site = bootSite(siteSpec(nets, { ports: site.spec.ports }));
    },
    restartHttp: async () => {
      await http.stop();
      http = await startHttp(ports.http);
    },
    stop: async () => {
      await Promise.all([dhcp.stop(), tftp.stop(), http.stop(), store.close()]);
      await bulk?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const artefactOf = (path: string, file: LoadedFile): Artefact => ({
  path,
  sha256: file.sha256,
  sizeBytes: file.sizeBytes,
});
