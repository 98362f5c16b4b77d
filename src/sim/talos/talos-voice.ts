import { encodeEvent } from '../../talos/encode-event.ts';
import { renderKernelLog } from '../../talos/parse-kernel-log.ts';
import type { ServiceAction, TalosEventBody } from '../../talos/talos-event.ts';
import { renderXid } from '../../talos/xid.ts';
import type { SimHost } from '../machine/sim-host.ts';
import type { SimRun } from '../run/sim-run.ts';
import { createEventSinkClient } from '../wire/event-sink-client.ts';
import { createKernelLogClient } from '../wire/kernel-log-client.ts';
import type { HostPort } from '../wire/loopback.ts';

type Of<T extends TalosEventBody['type']> = Extract<TalosEventBody, { readonly type: T }>;

/** All that one boot of Talos says to the outside: events to the sink, lines to the kernel log. */
export interface TalosVoice {
  event(body: TalosEventBody): void;
  /** `[talos] …` by machined. */
  log(text: string, level?: 'info' | 'warn' | 'error'): void;
  kernel(text: string, level?: 'info' | 'warn' | 'error'): void;
  service(name: string, action: ServiceAction, message: string): void;
  stage(stage: Of<'machineStatus'>['stage'], ready: boolean, unmet?: Of<'machineStatus'>['unmet']): void;
  listenTo(sink: HostPort | undefined, logs: readonly string[]): void;
  drain(): Promise<void>;
  /** A panic or a power cut: nothing more goes out. */
  close(): void;
}

const DRAIN_MS = 10_000;

export function createVoice(run: SimRun, host: SimHost, from: string): TalosVoice {
  const faults = host.faults();
  const ways = {
    ...(host.idleMs === undefined ? {} : { idleMs: host.idleMs }),
    ...(faults.replaysReports === true ? { replays: true } : {}),
  };
  const sink = createEventSinkClient(run, {
    from,
    endpoint: undefined,
    ...ways,
  });
  const kernelLog = createKernelLogClient(run, from, ways);
  // Machine and process id of this boot: the ids of another boot are others.
  const bootId = host.random.bytes(5);
  const bootedMs = run.clock.now();
  let counter = host.random.whole(0, 0xffff);
  let seq = 0;

  const line = (text: string, level: 'info' | 'warn' | 'error', facility: string) => {
    const clockUs = Math.floor((run.clock.now() - bootedMs) * 1000);
    kernelLog.write(renderKernelLog({ seq, clockUs, level, facility, text, atMs: Date.now() }));
    seq += 1;
  };

  return {
    event(body) {
      if (faults.noEventSink === true) return;
      counter += 1;
      sink.publish(encodeEvent({ id: renderXid(Date.now(), bootId, counter), body }));
    },
    log(text, level = 'info') {
      line(`[talos] ${text}`, level, 'user');
      host.note(`[talos] ${text}`);
    },
    kernel(text, level = 'info') {
      line(text, level, 'kern');
      host.note(text);
    },
    service(name, action, message) {
      const healthy = action === 'running';
      const health = { unknown: !healthy, healthy, lastMessage: '' };
      this.event({ type: 'service', service: name, action, message, health });
    },
    stage(stage, ready, unmet = []) {
      this.event({ type: 'machineStatus', stage, ready, unmet });
    },
    listenTo(to, logs) {
      if (faults.noEventSink !== true) sink.setEndpoint(to);
      if (faults.noKernelLog !== true) kernelLog.setUrls(logs);
    },
    async drain() {
      await sink.drain(DRAIN_MS);
    },
    close() {
      sink.close();
      kernelLog.close();
    },
  };
}
