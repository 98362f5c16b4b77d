import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createParseCache, loadInventory, type ParseCache } from '../../src/inventory/load-inventory.ts';
import { sayRow } from './bench-row.ts';

/** 2,000 machines in 50 racks: first load, and a reload after one file changed. `node test/bench/inventory.bench.ts` */

const MACHINES = 2000;
const PER_RACK = 40;
const AIM_MS = 1_000;
const hex = (value: number, width: number) => value.toString(16).padStart(width, '0');

function machineText(index: number): string {
  const unit = (index % PER_RACK) + 1;
  return `# delivered in week 12
unit: ${unit}
macs: [52:54:00:${hex(index >> 8, 2)}:${hex(index & 255, 2)}:01, "52:54:00:${hex(index >> 8, 2)}:${hex(index & 255, 2)}:02"]
serial: CZJ2140K${index}
uuid: 4c4c4544-0056-3510-8052-b4c0${hex(index, 8)}
ip: 10.77.${16 + (index >> 8)}.${index & 255}
bmc: { url: "https://10.21.${index >> 8}.${index & 255}" }
talos:
  disk: { serial: S6CKNE0T${index} }
`;
}

function writeTree(folder: string): void {
  writeFileSync(
    join(folder, '_site.yaml'),
    'site: bench\nnetworks:\n  - { interface: eth1, subnet: 10.77.0.0/16, pool: 10.77.1.0-10.77.2.255 }\ntalos: { version: v1.13.9 }\n',
  );
  writeFileSync(
    join(folder, '_defaults.yaml'),
    'bmc: { username: admin, password: env:BMC_PASSWORD }\nntp: [10.77.0.1]\n',
  );
  for (let rack = 0; rack < MACHINES / PER_RACK; rack += 1) {
    const name = join(folder, `rack-${rack}`);
    mkdirSync(name);
    writeFileSync(join(name, '_defaults.yaml'), `rack: r${rack}\ncluster: prod\nrole: worker\n`);
    for (let n = 0; n < PER_RACK; n += 1) {
      const index = rack * PER_RACK + n;
      writeFileSync(join(name, `node-${index}.yaml`), machineText(index));
    }
  }
}

const folder = mkdtempSync(join(tmpdir(), 'crashcart-bench-'));
try {
  writeTree(folder);
  const cache = createParseCache();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const rows: Record<string, string | number>[] = [];
  const measure = async (what: string, use: ParseCache) => {
    delay.reset();
    delay.enable();
    const cpu = process.cpuUsage();
    const start = performance.now();
    const { inventory, problems } = await loadInventory(folder, { cache: use });
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    delay.disable();
    const found = inventory?.nodes.length ?? 0;
    sayRow({
      series: 'inventory',
      what: `${MACHINES} machines, ${what}`,
      unit: 'ms',
      ours: ms,
      peers: {},
      better: 'down',
      own: [{ what: 'time', unit: 'ms', value: ms, atMost: AIM_MS }],
      broken: found === MACHINES ? [] : [`${found} of ${MACHINES} machines were read`],
    });
    rows.push({
      what,
      'cpu ms': Math.round((user + system) / 1000),
      'us per machine': Math.round((ms * 1000) / MACHINES),
      'longest block ms': Math.round(delay.max / 1e6),
      problems: problems.length,
    });
    if (found !== MACHINES) console.log(problems.slice(0, 5));
  };
  await measure('first load, cold', cache);
  await measure('reload, nothing changed', cache);
  writeFileSync(join(folder, 'rack-3/node-121.yaml'), `${machineText(121)}protected: true\n`);
  await measure('reload, one file changed', cache);
  await measure('load again, warm, no cache', createParseCache());
  console.table(rows);
} finally {
  rmSync(folder, { recursive: true });
}
