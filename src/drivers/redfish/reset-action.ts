import type { BmcProblem } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';
import type { Deadline } from '../bmc-wait.ts';
import type { BmcContext } from './bmc-context.ts';
import { asObject, linkAt, listAt, objectAt, textAt, textsAt } from './json.ts';

const TYPES = [
  'On',
  'ForceOff',
  'GracefulShutdown',
  'GracefulRestart',
  'ForceRestart',
  'Nmi',
  'ForceOn',
  'PushPowerButton',
  'PowerCycle',
  'Suspend',
  'Pause',
  'Resume',
  'FullPowerCycle',
];

/** One BMC sends `GracefulShutdownGracefulRestart`: a comma was lost in the firmware. */
function split(text: string): readonly string[] {
  if (TYPES.includes(text)) return [text];
  const first = TYPES.find((type) => text.startsWith(type) && TYPES.includes(text.slice(type.length)));
  return first === undefined ? [text] : [first, text.slice(first.length)];
}

export interface ResetAction {
  readonly target: string;
  /** Empty where the BMC does not say: then it is tried. */
  readonly allowed: readonly string[];
}

/** The values are in the action itself, in its ActionInfo, or in both. */
export async function readResetAction(
  context: BmcContext,
  deadline: Deadline,
): Promise<Result<ResetAction, BmcProblem>> {
  const system = await context.client.get(context.system, deadline);
  if (!system.ok) return system;
  const action = objectAt(system.value.json, 'Actions', '#ComputerSystem.Reset');
  const target = linkAt(action, 'target');
  if (target === undefined) {
    return fail(
      bmcProblem('unsupported', `${context.client.host} names no address for switching the machine on and off.`),
    );
  }
  const inline = textsAt(action, 'ResetType@Redfish.AllowableValues');
  const infoPath = linkAt(action, '@Redfish.ActionInfo');
  const info = infoPath === undefined ? undefined : await context.client.get(infoPath, deadline);
  const parameters = info?.ok ? listAt(info.value.json, ['Parameters'], 50) : [];
  const listed = parameters
    .filter((parameter) => textAt(asObject(parameter), 'Name') === 'ResetType')
    .flatMap((parameter) => textsAt(parameter, 'AllowableValues'));
  return ok({ target, allowed: [...new Set([...inline, ...listed].flatMap(split))] });
}
