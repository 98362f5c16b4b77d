import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanText } from '../../src/core/clean-text.ts';
import { parseInventory } from '../../src/inventory/parse-inventory.ts';
import { type FuzzTarget, must } from './fuzz-target.ts';

const EXAMPLE = new URL('../../inventory', import.meta.url).pathname;
const NAMES = ['_site.yaml', '_defaults.yaml', '_profiles.yaml', 'rack-1/n1.yaml'] as const;
const PROBLEMS_MAX = 2_000;

const SNIPPETS = [
  'base: &b { cluster: c, macs: [52:54:00:00:00:01] }\n<<: *b\nserial: 0012\nuuid: 56d96de7-4f69-4562-98b5-525400000001\n',
  'bmc: { url: "https://[::1]:8443", username: a, password: env:X, tls: { ca: file:ca.pem, name: x } }\nip: 10.77.0.31\nbond: { slaves: [a, b] }\n',
  'talos: { version: v1.13.9, extensions: [siderolabs/iscsi-tools], disk: { size: ">= 100GB", type: nvme }, kernelArgs: [a=1, "b=c"] }\n',
  'networks: [{ interface: eth1, subnet: 10.77.0.0/24, pool: 10.77.0.100-10.77.0.199, lease: 12h, options: { 224: hex:00ff } }]\nports: { http: 80 }\nmetrics: "[::1]:9470"\n',
  'agent: { kind: linux, kernel: vmlinuz, initrds: [a], args: ["ip=dhcp"], userData: file:u.yaml, writesDisk: true }\n',
];

function exampleTexts(): readonly Buffer[] {
  return readdirSync(EXAMPLE, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(join(EXAMPLE, name)));
}

/** One file of a tree, as site, defaults, profiles and machine at once: whatever it says, there is a sentence for it. */
export const inventoryTarget: FuzzTarget = {
  name: 'inventory',
  oneIn: 16,
  seeds: () => [...SNIPPETS.map((text) => Buffer.from(text)), ...exampleTexts()],
  open: () => {
    let fed = 0;
    return (bytes) => {
      fed += 1;
      const text = Buffer.from(bytes).toString('utf8');
      const one = NAMES[fed % NAMES.length] ?? '_site.yaml';
      const files = [
        { path: 'rack-1/n0.yaml', text: 'macs: [52:54:00:00:00:02]\nserial: S2\n' },
        { path: one, text },
      ];
      const { inventory, problems } = parseInventory(files);
      must(problems.length < PROBLEMS_MAX, `${problems.length} problems`);
      for (const { message, file, line } of problems) {
        must(message.trim() === cleanText(message, 2_000), `not clean: ${JSON.stringify(message)}`);
        must(file !== '' && line >= 1, `a problem of nowhere: ${message}`);
      }
      must(JSON.stringify(inventory).length < 1_000_000, 'an inventory that is larger than its files');
    };
  },
};
