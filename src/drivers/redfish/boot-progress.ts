import type { BmcProblem } from '../../core/bmc.ts';
import { ok, type Result } from '../../core/result.ts';
import type { Deadline } from '../bmc-wait.ts';
import type { BmcContext } from './bmc-context.ts';
import { type Json, textAt } from './json.ts';

/** The standard's state, else HPE's own, which is the best "still in POST?" there is; undefined where neither exists. */
export function bootProgressOf(system: Json): string | undefined {
  const state = textAt(system, 'BootProgress', 'LastState');
  if (state === 'OEM') return textAt(system, 'BootProgress', 'OemLastState') ?? state;
  const post = textAt(system, 'Oem', 'Hpe', 'PostState') ?? textAt(system, 'Oem', 'Hp', 'PostState');
  // iLO7 has the standard property and leaves it at None.
  return state === undefined || state === 'None' ? (post ?? state) : state;
}

export async function readBootProgress(
  context: BmcContext,
  deadline: Deadline,
): Promise<Result<string | undefined, BmcProblem>> {
  const got = await context.client.get(context.system, deadline);
  return got.ok ? ok(bootProgressOf(got.value.json)) : got;
}
