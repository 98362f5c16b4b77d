import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Flatness, judgeFlatness } from './flatness.ts';
import { countDescriptors, type SoakProgram } from './soak-program.ts';
import { highestExternalMb, type Sample, seriesOf } from './soak-series.ts';

export interface Sampled {
  readonly flatness: readonly Flatness[];
  /** At its highest: packets and log lines fill rooms of a fixed size. No number where it was never measured. */
  readonly engineExternalMb: number;
  readonly cpu: { readonly programPercent: number; readonly rackPercent: number };
}

export interface Sampler {
  readonly stop: () => Promise<Sampled>;
}

export interface SamplerOptions {
  readonly program: SoakProgram;
  readonly everyMs: number;
  readonly mayBeUnderWay: number;
  /** Called before each sample; what it notes stands in the line. */
  readonly onSample: () => { readonly noted: string; readonly underLoad: boolean };
  readonly say: (line: string) => void;
}

export const MB = 1024 * 1024;
/** Samples between two that look into the threads' heaps. */
const COLLECT_EVERY = 3;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function forcedGc(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/** What program and rack hold, now and then until it is stopped. */
export function startSampling({ program, everyMs, mayBeUnderWay, onSample, say }: SamplerOptions): Sampler {
  const gc = forcedGc();
  const began = performance.now();
  const cpu = { program: program.cpuSeconds(), rack: process.cpuUsage() };
  const samples: Sample[] = [];
  let stopped = false;
  const take = async () => {
    const { noted, underLoad } = onSample();
    // A whole collection of the engine's heap stops it for a moment: machines on a scaled clock give up meanwhile.
    const threads = samples.length % COLLECT_EVERY === 0 ? await program.inspector.measure() : [];
    gc();
    const own = process.memoryUsage();
    const values: Record<string, number> = {
      'program: sockets': program.descriptors().sockets,
      'program: other descriptors': program.descriptors().others,
      'program: RSS': program.rssBytes() / MB,
      'rack: heap': own.heapUsed / MB,
      'rack: external': own.external / MB,
      'rack: sockets': countDescriptors('self').sockets,
    };
    for (const { role, heapBytes, externalBytes } of threads) {
      values[`${role}: heap`] = heapBytes / MB;
      values[`${role}: external`] = externalBytes / MB;
    }
    const minute = (performance.now() - began) / 60_000;
    samples.push({ minute, underLoad, values });
    const told = Object.entries(values).map(([name, value]) => `${name} ${value.toFixed(0)}`);
    say(`${minute.toFixed(1)} min, ${noted}; ${told.join(', ')}`);
  };
  const loop = (async () => {
    while (!stopped) {
      await take();
      for (const until = performance.now() + everyMs; !stopped && performance.now() < until; ) await sleep(100);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await loop;
      const seconds = (performance.now() - began) / 1000;
      const used = process.cpuUsage(cpu.rack);
      return {
        flatness: seriesOf(samples, mayBeUnderWay).map(judgeFlatness),
        engineExternalMb: highestExternalMb(samples),
        cpu: {
          programPercent: ((program.cpuSeconds() - cpu.program) / seconds) * 100,
          rackPercent: ((used.user + used.system) / 1e6 / seconds) * 100,
        },
      };
    },
  };
}
