import type { BmcPort, BmcProblem, BmcTarget } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import type { BmcLimiter } from '../bmc-limiter.ts';
import { bmcProblem, maybeDone } from '../bmc-problem.ts';
import type { RejectionMemory } from '../bmc-rejections.ts';
import { hideSecrets } from '../bmc-secrets.ts';
import type { BmcTimings } from '../bmc-timings.ts';
import { createDeadline, type Deadline } from '../bmc-wait.ts';
import { type BmcContext, type FoundContext, findContext, type JustRead } from './bmc-context.ts';
import { readBootProgress } from './boot-progress.ts';
import { createClient } from './client.ts';
import type { ConnectionOptions } from './connection.ts';
import { readWhole } from './identity.ts';
import { setLocate } from './locate.ts';
import { readLog } from './log.ts';
import { ejectMedia, insertMedia } from './media.ts';
import { clearOverride, overrideOnce, readOverride } from './override.ts';
import { readPower, readStatus, setPower } from './power.ts';
import type { OnSession } from './session-name.ts';
import type { SessionAccount, SharedSessions } from './shared-sessions.ts';
import { parseFingerprint } from './tls-pin.ts';

/** What all BMC connections of the program have in common. */
export interface RedfishShared {
  readonly limiter: BmcLimiter;
  readonly timings: BmcTimings;
  readonly sessions: SharedSessions;
  readonly rejections: RejectionMemory;
  readonly onSession: OnSession;
  readonly onNote: (node: string, text: string) => void;
}

export interface RedfishAddress {
  readonly origin: string;
  readonly systemPath?: string;
}

export function connectionOptions(target: BmcTarget, origin: string, shared: RedfishShared): ConnectionOptions {
  const { spec, caPem } = target;
  const name = spec.tls?.name;
  // With an authority, one that was confirmed by hand before it came counts no more.
  const confirmed = caPem === undefined ? target.pinnedFingerprint : undefined;
  return {
    origin,
    pin: parseFingerprint(spec.fingerprint ?? confirmed),
    ca: caPem === undefined ? undefined : { pem: caPem, ...(name === undefined ? {} : { name }) },
    tlsMinVersion: spec.tlsMinVersion,
    limiter: shared.limiter,
    timings: shared.timings,
  };
}

export function sessionAccount(
  { spec, node, password }: BmcTarget,
  origin: string,
  shared: RedfishShared,
): SessionAccount {
  return {
    username: spec.username,
    password,
    rejections: shared.rejections,
    rejectionKey: `${origin} ${spec.username}`,
    onSession: shared.onSession,
    onNote: (text) => shared.onNote(node, hideSecrets(text, [password])),
  };
}

type Operation<T> = (context: BmcContext, deadline: Deadline, justRead: JustRead) => Promise<Result<T, BmcProblem>>;

export function createRedfishPort(target: BmcTarget, address: RedfishAddress, shared: RedfishShared): BmcPort {
  const { spec, node, password } = target;
  const { timings } = shared;
  const stop = new AbortController();
  const hide = (text: string) => hideSecrets(text, [password]);
  const note = (text: string) => shared.onNote(node, hide(text));
  const options = connectionOptions(target, address.origin, shared);
  const session = shared.sessions.acquire(options, sessionAccount(target, address.origin, shared));
  const client = createClient({ connection: session.connection, session, timings });
  let context: BmcContext | undefined;
  let closing: Promise<void> | undefined;

  const findOnce = async (deadline: Deadline): Promise<Result<FoundContext, BmcProblem>> => {
    if (context !== undefined) return ok({ context, justRead: new Map() });
    const root = await session.root(deadline);
    if (!root.ok) return root;
    const made = await findContext(client, root.value, spec.system ?? address.systemPath, timings, note, deadline);
    if (made.ok) context = made.value.context;
    return made;
  };

  const run = async <T>(ms: number, operation: Operation<T>): Promise<Result<T, BmcProblem>> => {
    const ready = stop.signal.aborted
      ? fail(bmcProblem('stopped', `The connection to ${client.host} is closed.`))
      : await findOnce(createDeadline(timings.readMs, stop.signal, client.heldMs));
    const result = ready.ok
      ? await operation(ready.value.context, createDeadline(ms, stop.signal, client.heldMs), ready.value.justRead)
      : ready;
    if (result.ok) return result;
    const { code, message, advice, fingerprint } = result.error;
    // Whatever it came to then, it was we who let go: that a BMC goes away as well is nothing against it.
    const problem = stop.signal.aborted
      ? bmcProblem('stopped', `The request to ${client.host} was stopped.`)
      : bmcProblem(code, hide(message), hide(advice), fingerprint);
    return fail(result.error.maybeDone === true ? maybeDone(problem) : problem);
  };

  return {
    readPower: () => run(timings.readMs, readPower),
    readStatus: () => run(timings.readMs, readStatus),
    setPower: (action) => run(timings.powerWaitMs, (ready) => setPower(ready, action, stop.signal)),
    readOverride: () => run(timings.readMs, (ready) => readOverride(ready, stop.signal)),
    overrideOnce: (boot, mode, fullPayload) =>
      run(timings.busyMs, (ready) => overrideOnce(ready, boot, mode, fullPayload, stop.signal)),
    clearOverride: () => run(timings.busyMs, (ready) => clearOverride(ready, stop.signal)),
    readWhole: () => run(timings.inventoryMs, readWhole),
    readIdentity: async () => {
      const whole = await run(timings.inventoryMs, readWhole);
      return whole.ok ? ok(whole.value.identity) : whole;
    },
    setLocate: (on, rest) => run(timings.readMs, (ready) => setLocate(ready, on, rest, stop.signal)),
    insertMedia: (imageUrl) => run(timings.inventoryMs, (ready) => insertMedia(ready, imageUrl, stop.signal)),
    ejectMedia: (image) => run(timings.inventoryMs, (ready) => ejectMedia(ready, image, stop.signal)),
    readLog: (newest) => run(timings.inventoryMs, (ready, deadline) => readLog(ready, newest, deadline)),
    readBootProgress: () => run(timings.readMs, readBootProgress),
    close() {
      stop.abort();
      closing ??= session.end();
      return closing;
    },
  };
}
