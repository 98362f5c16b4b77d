import type { PowerAction } from '../core/bmc.ts';
import type { JobKind } from '../core/job.ts';
import type { OperatorAction, OperatorActionType } from '../core/operator-action.ts';
import { fail, ok, type Result } from '../core/result.ts';

type Check = (value: unknown) => boolean;
type Fields = Readonly<Record<string, Check>>;

/** Reasons and phrases are typed by hand; names come by the thousand. */
const TEXT_MAX = 4_000;
const NAMES_MAX = 100_000;

const isText: Check = (value) => typeof value === 'string' && value.length <= TEXT_MAX;
const isFlag: Check = (value) => typeof value === 'boolean';
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isTrue: Check = (value) => value === true;
const areNames: Check = (value) => Array.isArray(value) && value.length <= NAMES_MAX && value.every(isText);
const areHashes: Check = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isText);
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const isOneOf =
  (words: Readonly<Record<string, true>>): Check =>
  (value) =>
    typeof value === 'string' && Object.hasOwn(words, value);

const isKind = isOneOf({
  install: true,
  reinstall: true,
  wipe: true,
  inspect: true,
  rescue: true,
} satisfies Record<JobKind, true>);
const isPower = isOneOf({
  on: true,
  off: true,
  forceOff: true,
  cycle: true,
  reset: true,
} satisfies Record<PowerAction, true>);

const NODES: Fields = { nodes: areNames };
const ARMED: Fields = { ...NODES, kind: isKind, planHashes: areHashes, together: maybe(isTrue) };
const WAVE: Fields = { wave: isText };

const FIELDS: Readonly<Record<OperatorActionType, Fields>> = {
  arm: { ...ARMED, confirmed: maybe(isText) },
  wave: { ...ARMED, confirmed: isText, canary: isCount, width: isCount, stopAfterFailures: isCount },
  wavePause: WAVE,
  waveResume: { ...WAVE, confirmed: maybe(isText) },
  waveCancel: WAVE,
  retry: NODES,
  cancel: NODES,
  withdraw: { ...NODES, all: maybe(isTrue) },
  release: NODES,
  bootDisk: NODES,
  readBmc: { ...NODES, order: maybe(isText) },
  hold: { ...NODES, why: isText },
  protect: { ...NODES, why: maybe(isText) },
  unprotect: NODES,
  power: { ...NODES, action: isPower, confirmed: maybe(isText), order: maybe(isText) },
  locate: { ...NODES, on: isFlag, order: maybe(isText) },
  talosReboot: NODES,
  talosCheck: NODES,
  applyConfig: { ...NODES, configHashes: areHashes, confirmed: isText },
  adoptDrift: { node: isText, field: isText },
  ignoreDrift: { node: isText, field: isText, ignored: isFlag },
  bootstrap: { node: isText, confirmed: isText, reason: maybe(isText) },
  trustFingerprint: { node: isText, fingerprint: isText },
  panic: { on: isFlag },
  breakGlass: { reason: isText, phrase: isText },
  mendGlass: {},
  discovery: { on: isFlag, forMs: isCount },
  adopt: { macs: areNames },
  ignoreStranger: { mac: isText, ignored: isFlag },
  restartService: { service: isText },
};

/** So says an engine of an older version of what it lacks. */
export const UNKNOWN_ORDER = 'this engine knows no such order';

/**
 * An order from outside of this program. A word that is none must not get as far as the engine: a kind of job that nobody
 * knows would need no confirmation, and what is once in the journal is read again at every start.
 */
export function parseAction(raw: unknown): Result<OperatorAction> {
  if (typeof raw !== 'object' || raw === null || !Object.hasOwn(raw, 'type')) return fail('this is no order');
  const values = raw as Readonly<Record<string, unknown>>;
  const { type } = values;
  if (typeof type !== 'string' || !Object.hasOwn(FIELDS, type)) return fail(UNKNOWN_ORDER);
  const fields = FIELDS[type as OperatorActionType];
  const wrong = Object.entries(fields).find(
    ([name, check]) => !check(Object.hasOwn(values, name) ? values[name] : undefined),
  );
  if (wrong !== undefined) return fail(`the order "${type}" has no valid "${wrong[0]}"`);
  return ok(raw as OperatorAction);
}
