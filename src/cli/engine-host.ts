import { join } from 'node:path';
import type { OperatorAction } from '../core/operator-action.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { type ActParts, act, isDoneUnsaved, type Session } from '../engine/act.ts';
import { createOrdersUnderWay } from '../engine/orders-under-way.ts';
import { previewNodes } from '../engine/preview.ts';
import { previewApply } from '../engine/preview-apply.ts';
import { isPartlyArmed } from '../engine/refuse-arming.ts';
import type { Question } from '../link/link-protocol.ts';
import type { LinkHost } from '../link/serve-link.ts';
import { readOrders } from '../store/read-audit.ts';
import { adoptDrift } from './adopt-drift.ts';
import { adoptStrangers } from './adopt-strangers.ts';
import { consoleCommand } from './console-command.ts';
import type { EngineStart } from './engine-messages.ts';
import { createRateMeter } from './rate-meter.ts';
import { createServiceMeter } from './service-meter.ts';
import { serviceRows } from './service-rows.ts';
import type { Servers } from './start-servers.ts';
import { VERSION } from './version.ts';
import type { World } from './world.ts';

/** What is refused, and what is done and not kept, is worth a line of the service's log too; the others are told by their events. */
async function actAndSay(
  world: World,
  parts: ActParts,
  action: OperatorAction,
  session: Session,
): Promise<Result<string>> {
  const done = await act(parts, action, session);
  if (!done.ok) {
    const how = isDoneUnsaved(done) ? 'done' : isPartlyArmed(done) ? 'done in part' : 'refused';
    const text = `${session.actor.user}@${session.actor.from}: ${action.type} ${how}: ${done.error}`;
    world.log({ at: Date.now(), node: '', source: 'engine', level: 'warn', text });
  }
  return done;
}

async function readAuditLines(world: World, newest: number): Promise<Result<unknown>> {
  const read = await readOrders(world.state.dir, newest);
  if (!read.ok) return read;
  return ok(read.value.map(({ atMs, action, journalSeq: _seq, ...rest }) => ({ at: atMs, what: action, ...rest })));
}

/** What screens and scripts may ask of this engine. */
export function createEngineHost(world: World, servers: Servers, { readOnly, simulation }: EngineStart): LinkHost {
  const meter = createRateMeter(world.engine);
  const services = createServiceMeter(servers);
  const parts: ActParts = {
    engine: world.engine,
    planner: world.planner,
    rendered: world.rendered,
    newId: world.newId,
    underWay: createOrdersUnderWay(),
    audit: world.state.audit,
    readOnly,
    areNoted: world.areNoted,
    drift: {
      configOf: world.planner.configOf,
      adopt: (node, drift) => adoptDrift(world, node, drift),
    },
    site: { adopt: (macs) => adoptStrangers(world, macs), restartService: servers.restart },
  };
  const answer = async (ask: Question, session: Session): Promise<Result<unknown>> => {
    switch (ask.type) {
      case 'act':
        return actAndSay(world, parts, ask.action, session);
      case 'preview':
        return ask.kind === 'apply'
          ? previewApply(world.engine, world.planner.configOf, ask.nodes)
          : previewNodes(parts, ask.nodes, ask.kind, session);
      case 'log':
        return ok(world.logs.read(ask.source, ask.fromLine));
      case 'audit':
        return readAuditLines(world, ask.newest);
      case 'services':
        return ok(serviceRows(world, servers, services));
      case 'nodeFile': {
        const spec = world.inventory.current().nodes.find((node) => node.name === ask.node);
        return spec === undefined
          ? fail(`there is no machine named ${ask.node}`)
          : ok(join(world.inventory.folder, spec.file));
      }
      case 'console':
        return consoleCommand(world, { readOnly, simulated: simulation !== undefined }, ask.node, session);
      case 'pcapng': {
        const bytes = servers.captures.exportPcapng(ask.node);
        return bytes === undefined ? fail(`no packets of ${ask.node} are kept`) : ok(bytes.toString('base64'));
      }
    }
  };
  return { engine: world.engine, program: `crashcart ${VERSION}`, answer, bytesPerSecond: meter };
}
