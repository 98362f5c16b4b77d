import { describeRival, rivalDoes } from '../core/describe-rival.ts';
import type { LoadedFile } from '../core/ports.ts';
import type { Result } from '../core/result.ts';
import { freshRivals } from '../core/rivals.ts';
import { SITE_FILE } from '../core/site-file.ts';
import { loaderNames } from '../netboot/choose-loader.ts';
import { renderSpan } from '../ui/format/duration.ts';
import { type FetchedFile, type FetchFrom, type FetchProblem, fetchOverHttp, fetchOverTftp } from './doctor-fetch.ts';
import { bad, type Finding, fine, type Say, warn } from './doctor-line.ts';
import { inParallel } from './doctor-run.ts';
import type { DoctorEngine, DoctorSite } from './doctor-site.ts';

const FETCH_MS = 4_000;

/** What the running engine says of itself, and whether a machine really gets what it is promised. */
export async function checkEngine(
  doctor: DoctorSite,
  loaders: Promise<ReadonlyMap<string, LoadedFile>>,
  say: Say,
): Promise<void> {
  const { engine } = doctor;
  if (engine === undefined && doctor.engineUnseen !== undefined)
    return say(warn(`whether it runs cannot be seen: ${doctor.engineUnseen}`, 'run doctor as that user, or as root'));
  if (doctor.engineSilent !== undefined)
    return say(bad(doctor.engineSilent, 'machines get no answers from it either: start it anew'));
  if (engine === undefined) return say(fine('not running: nothing is served yet'));
  const hasInterface = doctor.inventory.site.networks.some((net) => net.interface !== undefined);
  for (const finding of judgeServices(engine, hasInterface, doctor.nowMs)) say(finding);
  const known = await loaders;
  const names = advertisedNames(doctor).filter((name) => known.has(name));
  if (names.length === 0) return say(warn('no loader is there, so nothing was fetched', 'see the boot files above'));
  for (const way of ['TFTP', 'HTTP'] as const) {
    const listens = addressesOf(engine, way);
    if (listens.length === 0) say(bad(`${way} does not listen`, 'see the services: crashcart status'));
    for (const at of listens) say(await fetchAll(way, at, names, known));
  }
}

/** Everything that a machine could be told to fetch by name. */
export function advertisedNames(doctor: DoctorSite): readonly string[] {
  const { site, nodes } = doctor.inventory;
  return [...new Set([...loaderNames(site), ...nodes.flatMap((node) => node.loader ?? [])])];
}

function judgeServices(engine: DoctorEngine, hasInterface: boolean, nowMs: number): readonly Finding[] {
  const { fleet } = engine;
  const failed = Object.entries(fleet.services).flatMap(([name, state]) =>
    state.is === 'failed' ? [bad(`${name}: ${state.why}`, state.advice)] : [],
  );
  const off = Object.entries(fleet.services).flatMap(([name, state]) =>
    state.is === 'off'
      ? [warn(`${name} is off: ${state.why}`, state.advice ?? 'mend that, then restart it on the services screen')]
      : [],
  );
  const hampered = Object.entries(fleet.services).flatMap(([name, state]) =>
    state.is === 'ok' && state.warning !== undefined
      ? [warn(name === SITE_FILE ? 'the site file waits for a restart' : `${name} is hampered`, state.warning)]
      : [],
  );
  const running = Object.entries(fleet.services).flatMap(([name, state]) =>
    state.is === 'ok' && name !== SITE_FILE ? [name] : [],
  );
  const saving =
    fleet.saving.is === 'failing'
      ? [bad(`NOT SAVING: ${fleet.saving.reason}`, 'make room; nothing is armed until then')]
      : [];
  const rivals = freshRivals(fleet, nowMs).map((one) =>
    warn(
      `it heard of another DHCP server ${renderSpan(Math.max(0, nowMs - one.lastAt))} ago: ${describeRival(one)} ${rivalDoes(one)}`,
      'see `wire`',
    ),
  );
  return [
    fine(
      `runs (${engine.pid === undefined ? 'pid unknown' : `pid ${engine.pid}`}): ${running.join(', ') || 'no service'}`,
    ),
    ...failed,
    ...hampered,
    // Behind relays alone nothing could be listened to: that is no fault.
    ...(hasInterface ? off : []),
    ...saving,
    ...rivals,
  ];
}

interface At {
  readonly address: string;
  readonly port: number;
}

/** An engine that listens on all addresses is asked at the one that machines are told. */
function addressesOf(engine: DoctorEngine, service: 'TFTP' | 'HTTP'): readonly At[] {
  const state = engine.fleet.services[service];
  if (state?.is !== 'ok') return [];
  return state.listens.split(', ').flatMap((text) => {
    const [, address, port] = /^(.*):(\d+)$/.exec(text) ?? [];
    if (address === undefined || port === undefined) return [];
    const host = address === '0.0.0.0' || address === '::' || address === '[::]' ? '127.0.0.1' : address;
    return [{ address: host, port: Number(port) }];
  });
}

async function fetchAll(
  way: 'TFTP' | 'HTTP',
  at: At,
  names: readonly string[],
  known: ReadonlyMap<string, LoadedFile>,
): Promise<Finding> {
  const wrong: (Wrong & { readonly name: string })[] = [];
  let bytes = 0;
  const startedMs = performance.now();
  await inParallel(names, 4, async (name) => {
    const from: FetchFrom = { ...at, name: way === 'TFTP' ? name : `/b/${name}`, timeoutMs: FETCH_MS };
    const got = await (way === 'TFTP' ? fetchOverTftp(from) : fetchOverHttp(from));
    const problem = judgeFile(got, known.get(name));
    if (problem !== undefined) wrong.push({ name, ...problem });
    if (got.ok) bytes += got.value.sizeBytes;
  });
  const where = `${way} ${at.address}:${at.port}`;
  if (wrong.length > 0) {
    const advice = [...new Set(wrong.map((one) => WHAT_HELPS[one.is]))].join('; ');
    const words = wrong.map(({ name, why }) => `${name}: ${why}`).join('; ');
    return bad(`${where}: ${words}`, advice);
  }
  const seconds = Math.max(0.001, (performance.now() - startedMs) / 1000);
  return fine(
    `${where}: all ${names.length} advertised names are served and whole (${(bytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s)`,
  );
}

const HANGS = 'a machine that is told this name hangs: ';
const WHAT_HELPS: { readonly [I in FetchProblem['is'] | 'other']: string } = {
  absent: `${HANGS}a loader added since needs a reload (SIGHUP)`,
  refused: 'machines are answered so too, and ask again until it passes; the log of the engine says who fetches',
  broken: `${HANGS}see the log of the engine and the firewall`,
  other: `${HANGS}a loader replaced since needs a reload (SIGHUP)`,
};

interface Wrong {
  readonly is: keyof typeof WHAT_HELPS;
  readonly why: string;
}

function judgeFile(got: Result<FetchedFile, FetchProblem>, file: LoadedFile | undefined): Wrong | undefined {
  if (!got.ok) return got.error;
  if (file === undefined || got.value.sha256 === file.sha256) return undefined;
  const why = `${got.value.sizeBytes} bytes came that are not the file of ${file.sizeBytes} bytes in the vault`;
  return { is: 'other', why };
}
