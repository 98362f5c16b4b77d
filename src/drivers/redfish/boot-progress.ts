import type { BmcProblem } from '../../core/bmc.ts';
import { ok, type Result } from '../../core/result.ts';
import type { Deadline } from '../bmc-wait.ts';
import type { BmcContext } from './bmc-context.ts';
import { textAt } from './json.ts';

/** The standard's state, else HPE's own, which is the best "still in POST?" there is; undefined where neither exists. */
export async function readBootProgress(
  context: BmcContext,
  deadline: Deadline,
): Promise<Result<string | undefined, BmcProblem>> {
  const got = await context.client.get(context.system, deadline);
  if (!got.ok) return got;
  const state = textAt(got.value.json, 'BootProgress', 'LastState');
  if (state === 'OEM') return ok(textAt(got.value.json, 'BootProgress', 'OemLastState') ?? state);
  const post = textAt(got.value.json, 'Oem', 'Hpe', 'PostState') ?? textAt(got.value.json, 'Oem', 'Hp', 'PostState');
  // iLO7 has the standard property and leaves it at None.
  return ok(state === undefined || state === 'None' ? (post ?? state) : state);
}
