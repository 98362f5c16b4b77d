import { cleanText } from '../../core/clean-text.ts';
import { renderIpv4 } from '../ipv4.ts';
import type { DhcpMessage } from './dhcp-message.ts';
import { OPTION_BY_CODE } from './option-table.ts';
import { renderHex } from './text-codecs.ts';

/** 64 KB of empty options would be 30,000 lines. */
const MAX_LINES = 120;
const MAX_WIDTH = 400;

function renderFields(message: DhcpMessage): string {
  const { op, options, xid, secs, hops, broadcast, mac } = message;
  const parts = [
    options.messageType ?? (op === 'request' ? 'bootp request' : 'bootp reply'),
    `xid ${xid.toString(16).padStart(8, '0')}`,
    `mac ${mac === '' ? 'none' : mac}`,
  ];
  if (message.htype !== 1) parts.push(`htype ${message.htype}`);
  if (secs > 0) parts.push(`secs ${secs}`);
  if (hops > 0) parts.push(`hops ${hops}`);
  if (broadcast) parts.push('broadcast');
  for (const name of ['ciaddr', 'yiaddr', 'siaddr', 'giaddr'] as const) {
    if (message[name] !== 0) parts.push(`${name} ${renderIpv4(message[name])}`);
  }
  for (const name of ['sname', 'file'] as const) {
    if (message[name] !== '') parts.push(`${name} "${cleanText(message[name])}"`);
  }
  return [...parts, `(${message.sizeBytes} bytes)`].join(' ');
}

/** One line for the fields, one for each option in wire order, one for each problem. Clean text, whatever was sent. */
export function renderDhcp(message: DhcpMessage): readonly string[] {
  const lines = [renderFields(message)];
  for (const [code, data] of message.wire) {
    const spec = OPTION_BY_CODE[code];
    const value = spec === undefined ? undefined : message.options[spec.name];
    const shown = spec === undefined || value === undefined ? renderHex(data) : spec.codec.render(value);
    lines.push(cleanText(`  ${code} ${spec?.name ?? '?'} ${shown}`, MAX_WIDTH));
    if (lines.length > MAX_LINES) break;
  }
  for (const { code, reason } of message.problems.slice(0, MAX_LINES)) lines.push(`problem: option ${code} ${reason}`);
  return lines.map((line, i) => (i === 0 || line.startsWith('problem') ? line : `  ${line}`));
}
