import { type ApplyToAttempt, mayApply } from '../core/apply-config.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { askGate, type BootView } from './gate-question.ts';
import { type Claims, resolveIdentity } from './identity.ts';

/**
 * The configuration for a machine in maintenance mode, by the rules of the route `config`. Job and attempt of the order
 * stand for the token; who the machine is must be sure by what its own API just said of its hardware.
 */
export function answerApply(view: BootView, wish: ApplyToAttempt, claims: Claims): Result<string> {
  const may = mayApply(view.fleet, wish, view.at);
  if (!may.ok) return may;
  const identity = resolveIdentity(view.fleet, claims);
  if (identity.is !== 'node') return fail(`who answers at its address is not ${wish.node}: ${identity.why}`);
  if (identity.node.name !== wish.node)
    return fail(`${identity.node.name} answers at the address of ${wish.node}: ${identity.why}`);
  if (!identity.sure) return fail(`it is not sure that ${wish.node} answers at its address: ${identity.why}`);
  const gate = askGate(view, 'config', identity, { token: 'match' });
  if (gate.give !== 'write') return fail('reason' in gate ? gate.reason : 'refused');
  const text = view.rendered.of(wish.node)?.configText;
  return text === undefined ? fail('what was confirmed cannot be made again') : ok(text);
}
