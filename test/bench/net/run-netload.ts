import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { BenchNet } from './open-bench-net.ts';
import { CLIENT_IF, POOL, SERVER } from './open-bench-net.ts';

export interface Percentiles {
  readonly n: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
}

/** The figures of one run: what the generator saw, and what the server spent. */
export interface Measured {
  readonly elapsed_s: number;
  readonly clients_ok: number;
  readonly clients_unfinished: number;
  readonly rate_per_s: number;
  readonly mb_per_s: number;
  readonly rx_mb: number;
  readonly naks?: number;
  readonly dup_addresses?: number;
  readonly no_bootfile?: number;
  readonly retransmits: Readonly<Record<string, number>>;
  readonly failed: Readonly<Record<string, number>>;
  readonly total: Percentiles;
  readonly dhcp_pxe?: Percentiles;
  readonly dhcp_ipxe?: Percentiles;
  readonly offer?: Percentiles;
  readonly first_error: string;
  readonly serverCpuS: number;
  readonly serverRssMb: number;
}

const TICKS_PER_S = 100;

export function runNetload(net: BenchNet, pids: readonly number[], args: readonly string[]): Promise<Measured> {
  const [mode = '', ...rest] = args;
  // Machines have an address each, and a server may well bound what one address can have at once.
  const where = mode === 'dhcp' || mode === 'storm' ? ['--if', CLIENT_IF] : ['--from-pool'];
  const all = [
    'netns',
    'exec',
    net.client,
    net.netload,
    mode,
    ...where,
    '--range',
    POOL.join('-'),
    '--server',
    SERVER,
    ...rest,
  ];
  return new Promise((resolve, reject) => {
    const before = cpuSeconds(pids);
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, rssMb(pids));
    }, 250);
    const child = spawn('ip', all, { stdio: ['ignore', 'pipe', 'inherit'] });
    // netload has its own limit; this one is for when it hangs.
    const guard = setTimeout(() => child.kill('SIGKILL'), 180_000);
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
    });
    child.on('error', reject);
    child.on('close', () => {
      clearInterval(watch);
      clearTimeout(guard);
      try {
        const said = JSON.parse(out) as Omit<Measured, 'serverCpuS' | 'serverRssMb'>;
        resolve({ ...said, serverCpuS: cpuSeconds(pids) - before, serverRssMb: Math.max(peak, rssMb(pids)) });
      } catch {
        reject(new Error(`netload ${args.join(' ')} said: ${out.slice(0, 200)}`));
      }
    });
  });
}

/** A server and all its children: `tftpd-hpa` is one process a transfer. */
function family(pids: readonly number[]): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? Number(fieldsOf(Number(name))[1]) : Number.NaN;
    if (!Number.isNaN(parent)) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: number[] = [];
  const queue = [...pids];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    found.push(pid);
    queue.push(...(children.get(pid) ?? []));
  }
  return found;
}

/** /proc/PID/stat behind the name, which may hold spaces. */
function fieldsOf(pid: number): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** With the time of children that ended and were waited for. */
function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of family(pids))
    ticks += fieldsOf(pid)
      .slice(11, 15)
      .reduce((sum, one) => sum + Number(one), 0);
  return ticks / TICKS_PER_S;
}

function rssMb(pids: readonly number[]): number {
  let kib = 0;
  for (const pid of family(pids)) {
    try {
      kib += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    } catch {
      // It ended in between.
    }
  }
  return kib / 1024;
}
