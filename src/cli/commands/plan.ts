import { existsSync } from 'node:fs';
import type { JobKind } from '../../core/job.ts';
import type { NodeState } from '../../core/node.ts';
import { isProtected } from '../../core/protection.ts';
import { openVault } from '../../drivers/vault/open-vault.ts';
import type { Planned } from '../../engine/engine-ports.ts';
import { loadInventory } from '../../inventory/load-inventory.ts';
import { renderProblems } from '../../inventory/render-problems.ts';
import { bootWay, wayText } from '../boot-way.ts';
import {
  type Command,
  type CommandContext,
  cannotRun,
  EXIT,
  flag,
  INVENTORY_OPTION,
  inventoryFolder,
  JSON_OPTION,
  noInventory,
  SOCKET_OPTION,
  textOption,
  usageProblem,
} from '../command.ts';
import { driftLines, driftRows } from '../drift-lines.ts';
import { engineFleet, nodeAsKnown } from '../known-nodes.ts';
import { createSitePlanner } from '../site-planner.ts';
import { assetsFolder } from '../vault-call.ts';
import { createVaultView } from '../vault-view.ts';

const KINDS: readonly JobKind[] = ['install', 'reinstall', 'wipe', 'inspect', 'rescue'];

export const planCommand: Command = {
  name: 'plan',
  summary: 'everything that would happen to machines, without doing it',
  usage: ['plan NODE… [--kind install|reinstall|wipe|inspect|rescue] [--json]'],
  about:
    'Identity, disk, images, boot script, kernel arguments, merged machine configuration (secrets masked) and what\nis asked of the BMC. Needs no running engine; where one runs, what it has seen of the machine counts, and where the\nmachine differs from the inventory is told.',
  options: {
    ...INVENTORY_OPTION,
    ...JSON_OPTION,
    ...SOCKET_OPTION,
    kind: { type: 'string', value: 'KIND', help: `${KINDS.join(', ')} (default: install)` },
    assets: { type: 'string', value: 'DIR', help: 'the vault' },
  },
  completes: 'nodes',
  run: async (context) => {
    const kind = KINDS.find((one) => one === (textOption(context, 'kind') ?? 'install'));
    if (kind === undefined) throw usageProblem(`--kind takes ${KINDS.join(', ')}`);
    if (context.words.length === 0) throw usageProblem('plan takes the names of machines');
    const folder = inventoryFolder(context);
    const { inventory, problems, folders } = await loadInventory(folder);
    if (folders.length === 0 && !existsSync(folder)) throw noInventory(folder);
    if (inventory === undefined) {
      context.err(renderProblems(problems, folder));
      return EXIT.no;
    }
    const vault = await openVault(assetsFolder(context, inventory.site));
    if (!vault.ok) throw cannotRun(vault.error);
    const view = createVaultView(vault.value, () => inventory.site);
    await view.refresh();
    const planner = createSitePlanner({
      current: () => inventory,
      references: { folder, env: context.env },
      vault: view,
      vaultDir: vault.value.directory,
    });
    const fleet = await engineFleet(context, 'plan');
    let code: 0 | 1 = EXIT.done;
    const json: object[] = [];
    for (const name of context.words) {
      const spec = inventory.nodes.find((one) => one.name === name);
      if (spec === undefined) throw usageProblem(`there is no machine named ${name} in ${folder}`);
      const node = nodeAsKnown(fleet, spec, Date.now());
      const planned = await planner.plan(node, kind);
      if (!planned.ok) {
        code = EXIT.no;
        json.push({ node: name, error: planned.error });
        context.err(`${name}: ${planned.error}\n`);
      } else {
        json.push({
          node: name,
          kind,
          plan: { ...planned.value.rendered.plan, kernelArgs: planned.value.shown.kernelArgs },
          script: planned.value.shown.script,
          config: planned.value.shown.config,
          ...(planned.value.shown.checked === undefined ? {} : { talosctl: planned.value.shown.checked }),
          boot: bootWay(node),
          warnings: planned.value.shown.warnings,
          drift: driftRows(node),
        });
        if (!flag(context, 'json')) show(context, node, planned.value);
      }
    }
    if (flag(context, 'json')) context.out(`${JSON.stringify(json, undefined, 2)}\n`);
    return code;
  },
};

function placeText({ rack, unit }: NodeState['spec']['place']): string {
  const parts = [...(rack === undefined ? [] : [rack]), ...(unit === undefined ? [] : [`U${unit}`])];
  return parts.length === 0 ? '' : `${parts.join(' ')}   `;
}

function show(context: CommandContext, node: NodeState, { rendered, shown }: Planned): void {
  const { spec } = node;
  const { plan } = rendered;
  const { identity, bmc } = spec;
  const way = bootWay(node);
  const names = [
    identity.macs.map((mac) => `mac ${mac}`),
    identity.uuid === undefined ? [] : [`uuid ${identity.uuid}`],
    identity.serial === undefined ? [] : [`serial ${identity.serial}`],
    identity.boardSerial === undefined ? [] : [`board serial ${identity.boardSerial}`],
  ].flat();
  const lines = [
    `== ${spec.name}: ${plan.kind}, profile ${plan.profile}, ${shown.image}, ${plan.arch}`,
    `identity   ${names.join(', ') || 'none: it cannot be armed'}`,
    `place      ${placeText(spec.place)}role ${spec.role}${spec.cluster === undefined ? '' : ` of ${spec.cluster}`}${isProtected(node) ? '   PROTECTED' : ''}`,
    `disk       ${plan.disk.sure ? plan.disk.why : `NOT SURE: ${plan.disk.why}`}`,
    ...[plan.kernel, plan.initrd].flatMap((file) =>
      file === undefined
        ? []
        : [`image      ${file.path}  ${(file.sizeBytes / 1e6).toFixed(1)} MB  sha256 ${file.sha256.slice(0, 16)}`],
    ),
    `plan hash  ${plan.hash}`,
    ...(shown.checked === undefined ? [] : [`config     ${shown.checked}`]),
    `boot       ${wayText(way)}${bmc === undefined ? '' : ` ${bmc.url}`}${plan.resetFirst === true ? '; Talos is told to reset itself first, where it runs' : ''}`,
    ...way.steps.map((step) => `           - ${step}`),
    ...driftLines(node).map((line) => `DIFFERS    ${line.slice(node.name.length + 2)}`),
    ...[...shown.warnings, ...way.warnings].map((warning) => `WARNING    ${warning}`),
    '',
    '-- kernel arguments',
    ...shown.kernelArgs,
    '',
    '-- boot script',
    shown.script.trimEnd(),
    ...(shown.config === '' ? [] : ['', '-- machine configuration (secrets masked)', shown.config.trimEnd()]),
  ];
  context.out(`${lines.join('\n')}\n\n`);
}
