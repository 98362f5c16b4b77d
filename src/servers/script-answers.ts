import { nodeOf } from '../core/fleet.ts';
import type { HttpView } from '../netboot/answer-http.ts';
import { renderScript, type ScriptDecision } from '../netboot/answer-script.ts';
import { refuse, TEXT, type TextAnswer } from '../netboot/http-answer.ts';
import type { HttpQuestion } from './http-question.ts';
import { baseOf } from './read-question.ts';
import type { BootParts } from './server-parts.ts';
import { tellContested } from './tell-contested.ts';

/** A boot script that was decided. */
export interface ScriptAnswers {
  /** Before it is written: the event opens the attempt whose token the script needs. */
  readonly note: (question: HttpQuestion, decision: ScriptDecision) => void;
  readonly write: (question: HttpQuestion, decision: ScriptDecision) => TextAnswer;
}

export function createScriptAnswers(
  parts: BootParts,
  viewOf: () => HttpView,
  mayTellOfStranger: () => boolean,
): ScriptAnswers {
  return {
    note: (question, { event, node }) => {
      const { engine, addresses } = parts;
      if (question.method !== 'GET') return;
      const elsewhere = event?.type === 'http.scriptAsked' && event.elsewhere === true;
      if (node !== undefined && !elsewhere) addresses.learn(question.address, node);
      if (event !== undefined && (node !== undefined || mayTellOfStranger())) engine.emit(event);
      if (!elsewhere) return;
      tellContested(parts, { type: 'address.contested', node: event.node, address: event.address, how: 'script' });
    },
    write: (question, decision) => {
      const view = viewOf();
      const node = decision.node === undefined ? undefined : nodeOf(view.fleet, decision.node);
      const token = node === undefined ? undefined : parts.tokens.tokenOf(node);
      const script = renderScript(view, decision, baseOf(question), token);
      if (!script.ok) return refuse(500, script.error);
      const reason = `script: ${decision.answer} (${decision.reason})`;
      const quiet = decision.answer === 'wait' && decision.event?.type !== 'http.scriptPutOff';
      return { kind: 'text', status: 200, type: TEXT, body: script.value, events: [], reason, quiet };
    },
  };
}
