import { fail } from '../core/result.ts';
import type { ConfigSource } from '../drivers/talos-api/apply-config.ts';
import { answerApply } from '../netboot/answer-apply.ts';
import type { BootView } from '../netboot/gate-question.ts';
import { claimsOf } from '../netboot/who-answers.ts';

/** For a boot that could fetch no configuration: asks the gate, with what the machine's API said of its hardware. */
export function createConfigForJob(view: () => BootView): ConfigSource {
  return async ({ node, job, attempt, configHash }, hardware) => {
    if (job === undefined || attempt === undefined) return fail('this order names no boot');
    if (hardware === undefined) return fail('the machine was not looked at');
    return answerApply(view(), { node, job, attempt, configHash }, claimsOf(hardware));
  };
}
