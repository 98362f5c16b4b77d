import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type LoadedInventory, loadInventory } from '../../inventory/load-inventory.ts';
import { renderProblems } from '../../inventory/render-problems.ts';
import { connectLink } from '../../link/connect-link.ts';
import { dialControl, whyBarred } from '../../link/control-socket.ts';
import type { FromClient, FromEngine } from '../../link/link-protocol.ts';
import { createSocketCarrier } from '../../link/socket-carrier.ts';
import { watchSilence } from '../../link/watch-silence.ts';
import { resolveStateDir } from '../../store/state-dir.ts';
import { assetsFolder } from '../assets-folder.ts';
import { awaitEngine } from '../await-engine.ts';
import {
  type Command,
  type CommandContext,
  cannotRun,
  EXIT,
  flag,
  INVENTORY_OPTION,
  inventoryFolder,
  JSON_OPTION,
  numberOption,
  SOCKET_OPTION,
  textOption,
} from '../command.ts';
import { checkAdvertisements } from '../doctor-advertise.ts';
import { checkBmcs } from '../doctor-bmc.ts';
import { checkBootFiles } from '../doctor-boot-files.ts';
import { checkEngine } from '../doctor-engine.ts';
import { checkCapabilities, checkInterfaces, checkLimits } from '../doctor-host.ts';
import { type DoctorLine, renderDoctorLine } from '../doctor-line.ts';
import { checkClock, checkDisk } from '../doctor-place.ts';
import { checkPorts } from '../doctor-ports.ts';
import { createHostView } from '../doctor-proc.ts';
import { type DoctorCheck, runChecks } from '../doctor-run.ts';
import type { DoctorEngine, DoctorSite } from '../doctor-site.ts';
import { checkWire } from '../doctor-wire.ts';
import { servesAnother } from '../engine-notes.ts';
import { enginePid } from '../engine-pid.ts';
import { runningSocket, SOCKET_NAME } from '../engine-socket.ts';
import { readFleet } from '../follow-once.ts';
import { whoIsThere } from '../who-is-there.ts';
import { STATE_OPTIONS } from './up.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'what stands in the way of a boot: network, ports, rights, servers, images, BMCs',
  usage: ['doctor [DIR | --inventory DIR] [--json] [--quiet-wire] [--bmc-login]'],
  about:
    'Each line is ok, warn or FAIL, with what to do. Exit 1 when something FAILs, 3 when it cannot look at all. It sends one DISCOVER per interface of the site (and takes no offer), and connects to each BMC without logging in.',
  mostWords: 1,
  options: {
    ...INVENTORY_OPTION,
    ...STATE_OPTIONS,
    ...SOCKET_OPTION,
    ...JSON_OPTION,
    'quiet-wire': { type: 'boolean', help: 'send no DISCOVER; other DHCP servers are not looked for' },
    'bmc-login': { type: 'boolean', help: 'try user name and password on each BMC (a wrong one may lock the account)' },
    timeout: { type: 'string', value: 'SECONDS', help: 'for everything together (default: 10)' },
  },
  examples: [
    'sudo crashcart doctor --inventory ./inventory',
    'crashcart doctor --json | jq ".lines[] | select(.state != \\"ok\\")"',
  ],
  run: async (context) => {
    const timeoutMs = numberOption(context, 'timeout', 10, 1, 3600) * 1000;
    const folder = context.words[0] ?? inventoryFolder(context);
    const loaded = await loadInventory(folder);
    if (loaded.folders.length === 0)
      throw cannotRun(
        `there is no inventory at ${folder}: give one with --inventory DIR\n${renderProblems(loaded.problems, folder)}`.trimEnd(),
      );
    const lines = [...inventoryLines(loaded, folder), ...(await look(context, loaded, folder, timeoutMs))];
    const count = (state: DoctorLine['state']) => lines.filter((line) => line.state === state).length;
    const counts = { ok: count('ok'), warn: count('warn'), fail: count('fail') };
    if (flag(context, 'json'))
      context.out(`${JSON.stringify({ ok: counts.fail === 0, counts, lines }, undefined, 2)}\n`);
    else {
      for (const line of lines) context.out(`${renderDoctorLine(line)}\n`);
      context.out(`\n${counts.fail} FAIL, ${counts.warn} warn, ${counts.ok} ok\n`);
    }
    return counts.fail === 0 ? EXIT.done : EXIT.no;
  },
};

function inventoryLines(loaded: LoadedInventory, folder: string): readonly DoctorLine[] {
  const errors = loaded.problems.filter((one) => one.severity === 'error');
  const warnings = loaded.problems.length - errors.length;
  const check = 'inventory';
  if (loaded.inventory === undefined)
    return [
      {
        state: 'fail',
        check,
        what: `${errors.length} errors in ${folder}, so machines, networks and images are not looked at: ${errors[0]?.message ?? ''}`,
        advice: `crashcart check --inventory ${folder}`,
      },
    ];
  const { nodes, site } = loaded.inventory;
  const what = `${nodes.length} machines, ${site.networks.length} networks in ${folder}`;
  return warnings === 0
    ? [{ state: 'ok', check, what }]
    : [
        {
          state: 'warn',
          check,
          what: `${what}; ${warnings} warnings`,
          advice: `crashcart check --inventory ${folder}`,
        },
      ];
}

async function look(
  context: CommandContext,
  loaded: LoadedInventory,
  folder: string,
  timeoutMs: number,
): Promise<readonly DoctorLine[]> {
  const { inventory } = loaded;
  if (inventory === undefined) return [];
  const stateDir = stateFolder(context, folder, inventory.site.stateDir);
  const own = join(stateDir, SOCKET_NAME);
  const isOthers = textOption(context, 'state') === undefined && servesAnother(context.env, own, folder) !== undefined;
  const running =
    existsSync(own) && !isOthers
      ? own
      : runningSocket({ ...context, options: { ...context.options, inventory: folder } });
  const path = textOption(context, 'socket') ?? context.env.CRASHCART_SOCKET ?? running ?? own;
  const found = isOthers && path === own ? undefined : await findEngine(context, path);
  const engine = typeof found === 'string' ? undefined : found;
  const engineUnseen = engine === undefined ? whyBarred(path) : undefined;
  const doctor: DoctorSite = {
    host: createHostView(),
    env: context.env,
    folder,
    inventory,
    inventoryFolders: loaded.folders.length,
    stateDir,
    assetsDir: assetsFolder(context, inventory.site),
    ...(engine === undefined ? {} : { engine }),
    ...(engineUnseen === undefined ? {} : { engineUnseen }),
    ...(typeof found === 'string' ? { engineSilent: found } : {}),
    nowMs: Date.now(),
  };
  try {
    return await runChecks(checksOf(context, doctor), timeoutMs);
  } finally {
    engine?.client.close();
  }
}

function checksOf(context: CommandContext, doctor: DoctorSite): readonly DoctorCheck[] {
  const loaders = Promise.withResolvers<Parameters<Parameters<typeof checkBootFiles>[2]>[0]>();
  const wire: DoctorCheck = {
    name: 'wire',
    run: async (say) =>
      flag(context, 'quiet-wire')
        ? say({ state: 'ok', what: 'not asked (--quiet-wire): other DHCP servers are not looked for' })
        : checkWire(doctor, say),
  };
  return [
    { name: 'network', run: (say) => checkInterfaces(doctor, say) },
    { name: 'IPv6', run: (say) => checkAdvertisements(doctor, say) },
    { name: 'ports', run: (say) => checkPorts(doctor, say) },
    { name: 'rights', run: (say) => checkCapabilities(doctor, say) },
    { name: 'limits', run: (say) => checkLimits(doctor, say) },
    { name: 'clock', run: (say) => checkClock(doctor, say) },
    { name: 'disk', run: (say) => checkDisk(doctor, say) },
    wire,
    { name: 'boot files', run: (say) => checkBootFiles(doctor, say, loaders.resolve) },
    { name: 'engine', run: (say) => checkEngine(doctor, loaders.promise, say) },
    { name: 'BMC', run: (say) => checkBmcs(doctor, say, flag(context, 'bmc-login')) },
  ];
}

function stateFolder(context: CommandContext, folder: string, named: string | undefined): string {
  const given = textOption(context, 'state');
  if (given !== undefined) return resolve(given);
  if (named !== undefined) return resolve(folder, named);
  const dir = resolveStateDir({ HOME: homedir(), ...context.env }, process.getuid?.() ?? 0);
  if (!dir.ok) throw cannotRun(dir.error);
  return dir.value;
}

/** No engine is no fault: doctor is asked before the first start as well. A text: one that does not answer. */
async function findEngine(context: CommandContext, path: string): Promise<DoctorEngine | string | undefined> {
  const socket = await dialControl(path);
  if (!socket.ok) return undefined;
  let silent: string | undefined;
  const giveUp = (why: string): void => {
    silent = why;
  };
  const waiting = awaitEngine(path, { err: context.err, giveUp });
  const carrier = watchSilence(createSocketCarrier<FromClient, FromEngine>(socket.value), waiting);
  const client = await connectLink(carrier, { ...whoIsThere(context.env), screen: 'doctor', write: false });
  const fleet = client.ok ? await readFleet(client.value).catch(() => undefined) : undefined;
  if (!client.ok || fleet === undefined) return silent;
  const pid = enginePid(path);
  return { client: client.value, fleet, ...(pid === undefined ? {} : { pid }) };
}
