import type { Body } from './bounded-body.ts';
import { asObject, type Json, listAt, objectAt, textAt, textsAt } from './json.ts';

/** One line of `@Message.ExtendedInfo`, whatever the vendor wrapped it in. */
export interface RedfishMessage {
  /** `Base:PropertyUnknown`: the registry without its version. */
  readonly key: string;
  readonly text: string;
  readonly severity: 'ok' | 'warning' | 'critical';
  readonly related: readonly string[];
  readonly args: readonly string[];
}

/** `Base.1.8.PropertyValueNotInList` → `Base:PropertyValueNotInList`, `IDRAC.2.8.SYS413` → `IDRAC:SYS413`. */
export function messageKey(messageId: string): string {
  const parts = messageId.split('.');
  const name = parts.at(-1) ?? '';
  return parts.length < 2 ? name : `${parts[0]}:${name}`;
}

function severityOf(item: Json): RedfishMessage['severity'] {
  const text = (textAt(item, 'MessageSeverity') ?? textAt(item, 'Severity') ?? '').toLowerCase();
  return text === 'critical' ? 'critical' : text === 'warning' ? 'warning' : 'ok';
}

function parseOne(item: unknown): RedfishMessage | undefined {
  const object = asObject(item);
  if (object === undefined) return undefined;
  const key = messageKey(textAt(object, 'MessageId') ?? '');
  const args = textsAt(object, 'MessageArgs');
  const text = textAt(object, 'Message') ?? [key, ...args].join(' ').trim();
  if (text === '') return undefined;
  return { key, text, severity: severityOf(object), related: textsAt(object, 'RelatedProperties'), args };
}

/** iDRAC sends one object where the schema has a list; some put the list at the top. */
function infoOf(holder: unknown): readonly unknown[] {
  const list = listAt(holder, ['@Message.ExtendedInfo'], 50);
  if (list.length > 0) return list;
  const single = objectAt(holder, '@Message.ExtendedInfo');
  return single === undefined ? [] : [single];
}

/** Worst first. Nothing in the body gives no messages. */
export function parseMessages(body: Body): readonly RedfishMessage[] {
  if (body.kind !== 'json') return [];
  const error = objectAt(body.json, 'error');
  const items = [...infoOf(error), ...infoOf(body.json)];
  const code = textAt(error, 'code');
  const text = textAt(error, 'message');
  if (items.length === 0 && (code !== undefined || text !== undefined)) {
    items.push({ MessageId: code ?? '', Message: text ?? code, Severity: 'Critical' });
  }
  const order = { critical: 0, warning: 1, ok: 2 };
  return items
    .flatMap((item) => parseOne(item) ?? [])
    .sort((left, right) => order[left.severity] - order[right.severity]);
}

export const hasKey = (messages: readonly RedfishMessage[], pattern: RegExp): boolean =>
  messages.some((message) => pattern.test(message.key));
