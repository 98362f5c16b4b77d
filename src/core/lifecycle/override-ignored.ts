import type { NodeState } from '../node.ts';
import type { TimeMs } from '../time.ts';
import { failing, type Step, step, withJob } from './move.ts';

/**
 * The BMC took the one-shot override, it was read back, and then the old system spoke: it booted its disk. The wire is
 * the authority. Tried once more with every property written and off-then-on; then a person is asked.
 */
export function overrideIgnored(node: NodeState, at: TimeMs): Step {
  const job = node.job;
  if (job === undefined) return step(node);
  const detail = 'the system on its disk answered after the reset, and no network boot was seen';
  if (job.overrideRetried) {
    const failed = failing(node, 'failed', 'BMC_OVERRIDE_IGNORED', detail, at);
    return step({ ...failed, ask: `power-cycle ${place(node)} now and choose network boot (F12)` });
  }
  const retried = withJob(failing(node, 'stalled', 'BMC_OVERRIDE_IGNORED', `${detail}; trying once more`, at), {
    overrideRetried: true,
    override: 'asked',
  });
  const http = node.spec.firmware === 'http';
  return step(retried, {
    type: 'bmc.bootFromNetwork',
    node: node.name,
    job: job.id,
    target: http ? 'uefiHttp' : 'pxe',
    ...(node.spec.firmware === undefined ? {} : { mode: node.spec.firmware === 'bios' ? 'legacy' : 'uefi' }),
    fullPayload: true,
    power: 'offThenOn',
  });
}

export function place(node: NodeState): string {
  const { rack, unit } = node.spec.place;
  if (unit === undefined) return node.name;
  return rack === undefined ? `U${unit} (${node.name})` : `${rack} U${unit} (${node.name})`;
}
