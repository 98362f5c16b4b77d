import type { BootEnd, SimHost } from '../machine/sim-host.ts';
import type { SimRun } from '../run/sim-run.ts';
import { fetchTftp } from '../wire/fetch-tftp.ts';
import type { Lease } from '../wire/obtain-lease.ts';
import type { FirmwareKind } from './firmware-kinds.ts';
import { createIpxeWorld, type IpxeWorld } from './ipxe-world.ts';
import { readLoaderMark } from './loader-mark.ts';
import { createScriptRunner } from './run-script.ts';

/** Drivers, the banner and "Press Ctrl-B". */
const START_MS = [2_000, 3_000] as const;
/** iPXE that is handed its own loader again and again would go round for ever. */
const MAX_ROUNDS = 4;

export async function runIpxe(
  run: SimRun,
  host: SimHost,
  kind: FirmwareKind,
  firmwareLease: Lease | undefined,
): Promise<BootEnd> {
  host.step('ipxe');
  await run.sleep(host.random.between(START_MS[0], START_MS[1]));
  const world = createIpxeWorld(run, host, kind, firmwareLease);
  const auto = firmwareLease === undefined ? undefined : await loadAutoexec(world, firmwareLease);
  if (auto?.startsWith('#!ipxe') === true) return createScriptRunner(world).runText(auto, 'autoexec.ipxe');
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const lease = await world.dhcp();
    if (lease === undefined) return { is: 'next', why: 'iPXE: no configuration' };
    if (lease.bootFile === '') return { is: 'next', why: 'iPXE: nothing to boot' };
    const end = await bootFile(world, lease);
    if (end !== 'again') return end;
    await run.sleep(host.random.between(START_MS[0], START_MS[1]));
  }
  return { is: 'next', why: 'iPXE was given its own loader again and again' };
}

/** iPXE 2025 on UEFI looks for its script where it came from; "not found" is the usual answer. */
async function loadAutoexec(world: IpxeWorld, lease: Lease): Promise<string | undefined> {
  const { kind, run, host } = world;
  if (kind.mode !== 'uefi') return undefined;
  if (kind.byHttp) {
    const url = lease.bootFile.replace(/[^/]*$/, 'autoexec.ipxe');
    const found = await world.http().fetch({ url });
    return found.ok && found.value.status === 200 ? found.value.body.toString() : undefined;
  }
  const found = await fetchTftp(run, {
    from: lease.address,
    server: { address: lease.nextServer, port: host.ports().tftp },
    file: lease.bootFile.replace(/[^/]*$/, 'autoexec.ipxe'),
    options: [
      { name: 'blksize', value: '1432' },
      { name: 'tsize', value: '0' },
    ],
  });
  return found.ok ? found.value.body.toString() : undefined;
}

async function bootFile(world: IpxeWorld, lease: Lease): Promise<BootEnd | 'again'> {
  const { run, host, kind } = world;
  const runner = createScriptRunner(world);
  if (/^https?:\/\//.test(lease.bootFile)) return runner.runUrl(lease.bootFile);
  const file = await fetchTftp(run, {
    from: lease.address,
    server: { address: lease.nextServer, port: host.ports().tftp },
    file: lease.bootFile,
    options: [
      { name: 'blksize', value: '1432' },
      { name: 'tsize', value: '0' },
    ],
  });
  if (!file.ok) return { is: 'next', why: `iPXE: ${lease.bootFile}: ${file.error}` };
  if (file.value.body.toString('latin1', 0, 6) === '#!ipxe') {
    return runner.runText(file.value.body.toString(), lease.bootFile);
  }
  const isLoader = readLoaderMark(file.value.body) !== undefined || kind.mode === 'uefi';
  return isLoader ? 'again' : { is: 'next', why: `iPXE: ${lease.bootFile}: Exec format error` };
}
