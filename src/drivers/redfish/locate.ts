import type { BmcProblem } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';
import { createDeadline, type Deadline, sleep } from '../bmc-wait.ts';
import { answerProblem } from './answer-problem.ts';
import type { BmcContext } from './bmc-context.ts';
import type { Resource } from './client.ts';
import { booleanAt, type Json, textAt } from './json.ts';
import { patchResource } from './patch-resource.ts';

export type Led = 'on' | 'off' | 'blinking';

const LEDS: Readonly<Record<string, Led>> = { lit: 'on', blinking: 'blinking', off: 'off' };

/** The newer property decides where both are there. */
export function ledOf(json: Json): Led | undefined {
  const active = booleanAt(json, 'LocationIndicatorActive');
  if (active !== undefined) return active ? 'blinking' : 'off';
  return LEDS[(textAt(json, 'IndicatorLED') ?? '').toLowerCase()];
}

/** What IndicatorLED showed before the first "locate", per BMC and resource, for the whole run of the program. */
export interface LedMemory {
  recall(key: string): string | undefined;
  keep(key: string, value: string): void;
}

async function findLamp(context: BmcContext, deadline: Deadline): Promise<Result<Resource, BmcProblem>> {
  for (const path of [context.system, ...context.chassis]) {
    const got = await context.client.get(path, deadline);
    if (!got.ok && path === context.system) return got;
    if (got.ok && ledOf(got.value.json) !== undefined) return got;
  }
  return fail(bmcProblem('unsupported', `${context.client.host} has no locate light that it shows.`));
}

function wantedBody(context: BmcContext, lamp: Resource, on: boolean, memory: LedMemory): Record<string, unknown> {
  if (booleanAt(lamp.json, 'LocationIndicatorActive') !== undefined) return { LocationIndicatorActive: on };
  const key = `${context.client.host} ${lamp.path}`;
  const now = textAt(lamp.json, 'IndicatorLED') ?? 'Off';
  if (!on) return { IndicatorLED: memory.recall(key) ?? context.traits.restingLed ?? 'Off' };
  // The first value seen is what it goes back to; a light that blinks already was left so by somebody.
  if (now.toLowerCase() !== 'blinking') memory.keep(key, now);
  return { IndicatorLED: 'Blinking' };
}

export async function setLocate(
  context: BmcContext,
  on: boolean,
  memory: LedMemory,
  signal: AbortSignal,
): Promise<Result<Led, BmcProblem>> {
  const deadline = createDeadline(context.timings.readMs, signal, context.client.heldMs);
  const lamp = await findLamp(context, deadline);
  if (!lamp.ok) return lamp;
  const body = wantedBody(context, lamp.value, on, memory);
  const wanted = ledOf(body);
  if (ledOf(lamp.value.json) === wanted && wanted !== undefined) return ok(wanted);
  const sent = await patchResource(context.client, lamp.value, body, deadline);
  if (!sent.ok) return sent;
  if (sent.value.status >= 300) return fail(answerProblem('the locate light', context.client.host, sent.value));
  const until = createDeadline(context.timings.readBackMs, signal, context.client.heldMs);
  for (;;) {
    const got = await context.client.get(lamp.value.path, until);
    if (got.ok && ledOf(got.value.json) === wanted && wanted !== undefined) return ok(wanted);
    if (until.expired()) {
      return fail(
        bmcProblem(
          'notTaken',
          `${context.client.host} accepted the locate light, but reads back ${got.ok ? (ledOf(got.value.json) ?? 'nothing') : 'nothing'}.`,
        ),
      );
    }
    await sleep(Math.min(context.timings.readBackPollMs, until.remainingMs()), signal);
  }
}
