import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { DocumentRef, Inventory } from '../../../src/core/spec.ts';
import { loadInventory } from '../../../src/inventory/load-inventory.ts';
import { DEMO_NETWORK } from '../../../src/sim/rack/claim-segment.ts';
import { completeConfigs } from '../../../src/sim/rack/complete-configs.ts';
import { makeAuthority } from '../../../src/sim/rack/demo-configs.ts';
import { rehearseInventory } from '../../../src/sim/rack/rehearse-inventory.ts';
import { renderConfig } from '../../../src/talos/render-config.ts';
import { specOf } from '../../core/kit.ts';

const EXAMPLE = new URL('../../../inventory', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'complete-configs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const authority = makeAuthority();

function below(config: DocumentRef | undefined, text?: string): string | undefined {
  if (text !== undefined) writeFileSync(join(folder, 'own.yaml'), text);
  const spec = specOf('node-01');
  const node = { ...spec, talos: { ...spec.talos, ...(config === undefined ? {} : { config }) } };
  return completeConfigs({ nodes: [node] } as unknown as Inventory, folder, authority).below(node);
}

const OWN: DocumentRef = { from: 'file', path: 'own.yaml' };
const bare = (type: string) => `version: v1alpha1\nmachine: { type: ${type} }\ncluster: { clusterName: lab }\n`;

test.each([
  ['a worker without secrets', OWN, bare('worker'), '_talos/made-up-worker.yaml'],
  ['a control plane without secrets', OWN, bare('controlplane'), '_talos/made-up-controlplane.yaml'],
  [
    'a document beside it',
    OWN,
    `${bare('worker')}---\napiVersion: v1alpha1\nkind: HostnameConfig\n`,
    '_talos/made-up-worker.yaml',
  ],
  [
    'one that lacks only its token: a mistake to be shown',
    OWN,
    `${bare('worker')}\n`.replace('worker }', 'worker, ca: { crt: eA== } }'),
    undefined,
  ],
  ['one with a cluster secret', OWN, bare('worker').replace('lab }', 'lab, secret: c2VjcmV0 }'), undefined],
  ['one of no known type', OWN, bare('werker'), undefined],
  ['one that is not YAML', OWN, '{{ template }}: [', undefined],
  ['a part without the main document', OWN, 'apiVersion: v1alpha1\nkind: HostnameConfig\nauto: stable\n', undefined],
  ['a file that is not there', { from: 'file', path: 'nowhere.yaml' }, undefined, undefined],
  ['what a command decrypts', { from: 'exec', command: 'sops -d own.yaml' }, bare('worker'), undefined],
  ['none', undefined, undefined, undefined],
] as const)('what stands below %s', (_, config, text, expected) => {
  expect(below(config, text)).toBe(expected);
});

test('the example is refused for real machines, and a rehearsal of it renders with secrets of no cluster', async () => {
  const { inventory } = await loadInventory(EXAMPLE);
  if (inventory === undefined) throw new Error('the example has errors');
  const completed = completeConfigs(inventory, EXAMPLE, authority);
  expect(completed.notes).toHaveLength(2);
  const files = new Map(completed.files.map(({ path, text }) => [path, text]));
  for (const spec of inventory.nodes) {
    const { config } = spec.talos;
    if (config?.from !== 'file') throw new Error('no configuration');
    const own = readFileSync(join(EXAMPLE, config.path), 'utf8');
    const render = (base: string, patches: readonly string[]) =>
      renderConfig({
        base,
        patches,
        spec,
        version: 'v1.13.9',
        endpoints: {},
        installerImage: 'x.dev/installer:v1.13.9',
      });
    const real = render(own, []);
    expect(real.ok ? 'taken' : real.error.map((one) => one.path)).toContain('machine.token');
    const under = files.get(completed.below(spec) ?? '') ?? '';
    expect(under).toContain('SIMULATED');
    const rehearsed = render(under, [own]);
    expect(rehearsed.ok ? '' : rehearsed.error).toBe('');
    if (rehearsed.ok) expect(rehearsed.value.text).toContain('https://10.77.0.34:6443');
  }
});

test("the operator's document is a patch upon the made-up secrets, before his own patches", () => {
  const spec = specOf('node-01');
  const talos = { ...spec.talos, config: OWN, patches: [{ from: 'file', path: 'p.yaml' }] as const };
  const inventory = { nodes: [{ ...spec, talos }], profiles: {}, site: { networks: [], talos: {} } };
  const made = rehearseInventory(inventory as unknown as Inventory, {
    folder: '/srv/i',
    seed: 1,
    vanilla: 'f'.repeat(64),
    segments: [DEMO_NETWORK],
    below: () => '_talos/under.yaml',
  });
  const text = made.files(() => undefined).find((one) => one.path === spec.file)?.text ?? '{}';
  expect(JSON.parse(text)).toMatchObject({
    talos: { config: '_talos/under.yaml', patches: ['/srv/i/own.yaml', '/srv/i/p.yaml'] },
  });
});
