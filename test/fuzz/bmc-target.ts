import { parseBody } from '../../src/drivers/redfish/bounded-body.ts';
import type { Json } from '../../src/drivers/redfish/json.ts';
import { PERSONALITIES } from '../../src/sim/bmc/personalities.ts';
import { contextOf, deadline, READS, simTree, type Tree, treeClient } from '../drivers/redfish/hostile-tree.ts';
import { type FuzzTarget, must } from './fuzz-target.ts';

interface Resource {
  readonly tree: Tree;
  readonly path: string;
}

/** One resource of one of the known BMCs answers with other bytes; everything that is read of it is read. */
function allResources(): readonly Resource[] {
  return PERSONALITIES.flatMap(({ name }) => {
    const tree = simTree(name);
    return [...tree.keys()].map((path) => ({ tree, path }));
  });
}

const pathOf = (json: Json): unknown => json['@odata.id'];

export const bmcTarget: FuzzTarget = {
  name: 'redfish',
  oneIn: 8,
  seeds: () => allResources().map(({ tree, path }) => Buffer.from(JSON.stringify(tree.get(path)))),
  open: () => {
    const resources = allResources();
    let fed = 0;
    return async (bytes) => {
      const body = parseBody(Buffer.from(bytes), 'identity');
      fed += 1;
      if (body.kind !== 'json') return;
      // In its own place where that can still be read, else anywhere.
      const own = resources.filter(({ path }) => path === pathOf(body.json));
      const { tree, path } = own[fed % own.length] ??
        resources[fed % resources.length] ?? { tree: new Map(), path: '' };
      const { client } = treeClient(new Map([...tree, [path, body.json]]));
      const context = await contextOf(tree, client, deadline());
      if (!context.ok) return;
      for (const [name, read] of Object.entries(READS)) {
        const result = await read(context.value, deadline());
        const text = JSON.stringify(result.ok ? result.value : result.error) ?? '';
        must(!/\\u00[01]/.test(text), `${name} lets an escape through: ${text.slice(0, 200)}`);
        must(text.length < 2_000_000, `${name} gives ${text.length} characters`);
      }
    };
  },
};
