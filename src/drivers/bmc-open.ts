import type { BmcPort, BmcProblem, BmcTarget, OpenBmc } from '../core/bmc.ts';
import { fail } from '../core/result.ts';
import { type BmcLimiter, createBmcLimiter } from './bmc-limiter.ts';
import { bmcProblem } from './bmc-problem.ts';
import { createRejections } from './bmc-rejections.ts';
import { type BmcTimings, defaultBmcTimings } from './bmc-timings.ts';
import { isLoopback, parseBmcUrl } from './bmc-url.ts';
import { createIpmiPort } from './ipmi/ipmi-port.ts';
import { createRedfishPort, type RedfishShared } from './redfish/redfish-port.ts';
import type { OnSession } from './redfish/session-name.ts';
import { createSharedSessions } from './redfish/shared-sessions.ts';
import { deleteStale, type StaleSession } from './redfish/stale-sessions.ts';

export interface BmcDriverOptions {
  readonly timings?: BmcTimings;
  readonly limiter?: BmcLimiter;
  readonly onSession?: OnSession;
  /** What was tried on a BMC and how it answered; cleaned of secrets. */
  readonly onNote?: (node: string, text: string) => void;
  /** Plain http to other hosts than this one sends the password in clear text: for closed labs only. */
  readonly allowPlainHttp?: boolean;
  /** Another `ipmitool` than the one in PATH. */
  readonly ipmitool?: string;
}

export interface BmcDrivers {
  readonly openBmc: OpenBmc;
  /** Somebody waits for this BMC: it goes before those that are only read, until the returned function is called. */
  hurry(bmc: Pick<BmcTarget['spec'], 'url' | 'username'>): () => void;
  /** Ends the sessions that an earlier run left open. Gives those that could not be ended. */
  deleteStaleSessions(
    stale: readonly StaleSession[],
    targetOf: (bmcUrl: string) => BmcTarget | undefined,
  ): Promise<readonly StaleSession[]>;
  /** After the operator changed something on the BMC itself: the password may be tried again. */
  forgetRejection(bmcUrl: string): void;
  /** Closes every port that is open: for SIGINT, SIGTERM and the end. */
  closeAll(): Promise<void>;
}

/** A port that always says the same: a bad address is the operator's to read, not an exception. */
function createBrokenPort(problem: BmcProblem): BmcPort {
  const say = () => Promise.resolve(fail(problem));
  return {
    readPower: say,
    setPower: say,
    readOverride: say,
    overrideOnce: say,
    clearOverride: say,
    readIdentity: say,
    setLocate: say,
    insertMedia: say,
    ejectMedia: say,
    readLog: say,
    readBootProgress: say,
    close: () => Promise.resolve(),
  };
}

/** A BMC that does not answer keeps no program from ending; the next start tries its sessions again. */
const CLEANING_MS = 8_000;

export function createBmcDrivers(options: BmcDriverOptions = {}): BmcDrivers {
  const timings = options.timings ?? defaultBmcTimings;
  const limiter = options.limiter ?? createBmcLimiter();
  const open = new Set<BmcPort>();
  const rejections = createRejections();
  const sessions = createSharedSessions();
  /** What it takes to end sessions of a dead run is a session too, and must not be left by a stop. */
  const cleaning = new Set<Promise<unknown>>();
  /** Who was still looking up a password opens no session that nobody would end. */
  let closed = false;

  const sharedFor = (target: BmcTarget): RedfishShared => {
    return {
      limiter,
      timings,
      sessions,
      rejections: rejections.forPassword(target.password),
      onSession: (what, session) => options.onSession?.(what, session),
      onNote: (node, text) => options.onNote?.(node, text),
    };
  };

  const make = (target: BmcTarget): BmcPort => {
    const address = parseBmcUrl(target.spec.url);
    if (!address.ok)
      return createBrokenPort(bmcProblem('unsupported', address.error, 'Correct bmc.url in the node file.'));
    if (address.value.kind === 'ipmi') {
      return createIpmiPort(target, address.value, {
        timings,
        limiter,
        program: options.ipmitool ?? 'ipmitool',
        rejections: rejections.forPassword(target.password),
        onNote: (text) => options.onNote?.(target.node, text),
      });
    }
    if (!address.value.secure && !isLoopback(address.value.origin) && !options.allowPlainHttp) {
      const message = `${address.value.origin} would send the password in clear text over the network. Nothing was sent.`;
      return createBrokenPort(bmcProblem('tls', message, 'Write https:// in bmc.url.'));
    }
    return createRedfishPort(target, address.value, sharedFor(target));
  };

  const openBmc: OpenBmc = (target) => {
    if (closed) return createBrokenPort(bmcProblem('stopped', 'The program is ending.'));
    const port = make(target);
    const tracked: BmcPort = {
      ...port,
      close: async () => {
        await port.close();
        open.delete(tracked);
      },
    };
    open.add(tracked);
    return tracked;
  };

  return {
    openBmc,
    hurry({ url, username }) {
      const address = parseBmcUrl(url);
      if (!address.ok) return () => undefined;
      const at = address.value;
      return limiter.hurry(at.kind === 'ipmi' ? `ipmi://${at.host}:${at.port} ${username}` : at.origin);
    },
    async deleteStaleSessions(stale, targetOf) {
      const byBmc = new Map<string, StaleSession[]>();
      for (const one of stale) byBmc.set(one.bmcUrl, [...(byBmc.get(one.bmcUrl) ?? []), one]);
      const left = await Promise.all(
        [...byBmc].map(async ([url, all]) => {
          const target = targetOf(url);
          if (target === undefined) return all;
          const work = deleteStale(all, target, sharedFor(target));
          cleaning.add(work);
          const kept = await work.finally(() => cleaning.delete(work));
          for (const one of all) if (!kept.includes(one)) void options.onSession?.('closed', one);
          return kept;
        }),
      );
      return left.flat();
    },
    forgetRejection(bmcUrl) {
      const address = parseBmcUrl(bmcUrl);
      if (!address.ok) return;
      const at = address.value;
      rejections.forget(at.kind === 'ipmi' ? `ipmi://${at.host}:${at.port}` : at.origin);
    },
    async closeAll() {
      closed = true;
      const cleaned = Promise.allSettled(cleaning);
      const late = new Promise((done) => setTimeout(done, CLEANING_MS).unref());
      await Promise.all([Promise.race([cleaned, late]), ...[...open].map((port) => port.close())]);
    },
  };
}
