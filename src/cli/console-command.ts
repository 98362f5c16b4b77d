import { nodeOf } from '../core/fleet.ts';
import { asHostTime } from '../core/host-clock.ts';
import { fail, type Result } from '../core/result.ts';
import { type ConsoleCommand, serialConsole } from '../drivers/ipmi/serial-console.ts';
import type { Session } from '../engine/act.ts';
import type { World } from './world.ts';

export interface ConsoleRights {
  readonly readOnly: boolean;
  readonly simulated: boolean;
}

/**
 * What opens the serial console of a machine, for the screen that asks. Whoever gets it gets the BMC's password with it:
 * only who may write does, and it is audited like an order. The program is looked for where the screen runs.
 */
export async function consoleCommand(
  world: World,
  { readOnly, simulated }: ConsoleRights,
  node: string,
  session: Session,
): Promise<Result<ConsoleCommand>> {
  const made = await makeCommand();
  const { actor } = session;
  const audited = await world.state.audit.append({
    atMs: asHostTime(world.engine.now(), world.engine.fleet()),
    who: actor.user,
    from: actor.screen === undefined ? actor.from : `${actor.from} ${actor.screen}`,
    action: 'console',
    nodes: [node],
    outcome: made.ok ? 'serial console opened' : `refused: ${made.error}`,
  });
  return !audited.ok && made.ok
    ? fail(`not opened, because it could not be written to the audit file: ${audited.error}`)
    : made;

  async function makeCommand(): Promise<Result<ConsoleCommand>> {
    if (readOnly) return fail('this engine was started read-only');
    if (!session.mayWrite) return fail(session.whyNot ?? 'this screen is read-only');
    const spec = nodeOf(world.engine.fleet(), node)?.spec;
    if (spec === undefined) return fail(`there is no machine named ${node}`);
    if (spec.bmc === undefined) return fail(`${node} has no BMC in the inventory, so no serial console either`);
    if (simulated) return fail('a simulated machine has no serial console; its kernel log is on its screen (enter)');
    const target = await world.bmcTarget(node);
    return target.ok ? serialConsole(target.value, () => true) : fail(`${target.error.message} ${target.error.advice}`);
  }
}
