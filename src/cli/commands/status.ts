import { nodesOf } from '../../core/fleet.ts';
import { asEngineTime } from '../../core/host-clock.ts';
import { leftInventoryText } from '../../core/left-inventory.ts';
import { type Command, EXIT, flag, JSON_OPTION, SOCKET_OPTION, usageProblem } from '../command.ts';
import { driftLines } from '../drift-lines.ts';
import { dialEngine } from '../engine-socket.ts';
import { readFleet } from '../follow-once.ts';
import { renderRows, toRow } from '../node-rows.ts';
import { siteLines } from '../site-lines.ts';

export const statusCommand: Command = {
  name: 'status',
  summary: 'the machines of the running engine as a table or JSON',
  usage: ['status [NODE…] [--json]'],
  options: { ...JSON_OPTION, ...SOCKET_OPTION },
  completes: 'nodes',
  examples: ['crashcart status', 'crashcart status r07-u33 --json | jq -r .nodes[0].phase'],
  run: async (context) => {
    const client = await dialEngine(context, 'status', false);
    const fleet = await readFleet(client);
    client.close();
    const nowMs = asEngineTime(Date.now(), fleet);
    const all = nodesOf(fleet);
    const unknown = context.words.find((name) => !all.some((node) => node.name === name));
    if (unknown !== undefined) {
      const left = leftInventoryText(fleet, unknown);
      throw usageProblem(`there is no machine named ${unknown}${left === undefined ? '' : `: ${left}`}`);
    }
    const chosen = context.words.length === 0 ? all : all.filter((node) => context.words.includes(node.name));
    const rows = chosen.map((node) => toRow(node, { fleet, nowMs }));
    if (flag(context, 'json')) {
      const site = {
        site: fleet.site,
        simulated: fleet.simulated,
        saving: fleet.saving,
        switches: fleet.switches,
        services: fleet.services,
        rivals: Object.values(fleet.rivals),
        problems: fleet.inventory.problems,
      };
      context.out(`${JSON.stringify({ ...site, nodes: rows }, undefined, 2)}\n`);
    } else {
      const notes = siteLines(fleet, nowMs);
      if (notes.length > 0) context.out(`${notes.join('\n')}\n\n`);
      context.out(`${renderRows(rows)}\n`);
      const drift = context.words.length === 0 ? [] : chosen.flatMap(driftLines);
      if (drift.length > 0) context.out(`\ndiffers from the inventory:\n${drift.join('\n')}\n`);
    }
    return chosen.some((node) => node.health.is === 'failed' || node.health.is === 'conflict') &&
      context.words.length > 0
      ? EXIT.no
      : EXIT.done;
  },
};
