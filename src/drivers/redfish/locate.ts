import type { BmcProblem, LampRest, Located } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';
import { createDeadline, type Deadline, sleep } from '../bmc-wait.ts';
import { answerProblem } from './answer-problem.ts';
import type { BmcContext } from './bmc-context.ts';
import type { Resource } from './client.ts';
import { booleanAt, type Json, textAt } from './json.ts';
import { patchResource } from './patch-resource.ts';

const LEDS: Readonly<Record<string, Located['light']>> = { lit: 'on', blinking: 'blinking', off: 'off' };

/** The newer property decides where both are there. */
export function ledOf(json: Json): Located['light'] | undefined {
  const active = booleanAt(json, 'LocationIndicatorActive');
  if (active !== undefined) return active ? 'blinking' : 'off';
  return LEDS[(textAt(json, 'IndicatorLED') ?? '').toLowerCase()];
}

async function findLamp(context: BmcContext, deadline: Deadline): Promise<Result<Resource, BmcProblem>> {
  for (const path of [context.system, ...context.chassis]) {
    const got = await context.client.get(path, deadline);
    if (!got.ok && path === context.system) return got;
    if (got.ok && ledOf(got.value.json) !== undefined) return got;
  }
  return fail(bmcProblem('unsupported', `${context.client.host} has no locate light that it shows.`));
}

/** A light that blinks already was left so by somebody, and an unknown one is nothing to go back to. */
function restOf({ json }: Resource): LampRest | undefined {
  if (booleanAt(json, 'LocationIndicatorActive') !== undefined) return undefined;
  return RESTS[(textAt(json, 'IndicatorLED') ?? '').toLowerCase()];
}

const RESTS: Readonly<Record<string, LampRest>> = { lit: 'Lit', off: 'Off' };

function wantedBody(lamp: Resource, on: boolean, rest: LampRest): Record<string, unknown> {
  if (booleanAt(lamp.json, 'LocationIndicatorActive') !== undefined) return { LocationIndicatorActive: on };
  return { IndicatorLED: on ? 'Blinking' : rest };
}

export async function setLocate(
  context: BmcContext,
  on: boolean,
  rest: LampRest | undefined,
  signal: AbortSignal,
): Promise<Result<Located, BmcProblem>> {
  const deadline = createDeadline(context.timings.readMs, signal, context.client.heldMs);
  const lamp = await findLamp(context, deadline);
  if (!lamp.ok) return lamp;
  const body = wantedBody(lamp.value, on, rest ?? context.traits.restingLed ?? 'Off');
  const light = ledOf(body) ?? 'off';
  const before = on ? restOf(lamp.value) : undefined;
  const done: Located = { light, ...(before === undefined ? {} : { rest: before }) };
  if (ledOf(lamp.value.json) === light) return ok(done);
  const sent = await patchResource(context.client, lamp.value, body, deadline);
  if (!sent.ok) return sent;
  if (sent.value.status >= 300) return fail(answerProblem('the locate light', context.client.host, sent.value));
  const until = createDeadline(context.timings.readBackMs, signal, context.client.heldMs);
  for (;;) {
    const got = await context.client.get(lamp.value.path, until);
    if (got.ok && ledOf(got.value.json) === light) return ok(done);
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
