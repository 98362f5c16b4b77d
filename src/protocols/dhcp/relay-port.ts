import { cleanText } from '../../core/clean-text.ts';
import type { RelayInfo } from './dhcp-message.ts';

/** Readable text as it is, anything else as hex: switches send names, numbers or both. */
function renderId(id: Uint8Array): string {
  const bytes = Buffer.from(id.buffer, id.byteOffset, id.length);
  const text = bytes.toString('latin1').replace(/\0+$/, '');
  return /^[\x20-\x7e]+$/.test(text) ? cleanText(text) : bytes.toString('hex');
}

/** The names a switch port goes by in the inventory: `<circuit>`, and `<remote>/<circuit>` where the relay tells both. */
export function listRelayPorts(info: RelayInfo): readonly string[] {
  if (info.circuitId === undefined) return [];
  const circuit = renderId(info.circuitId);
  return info.remoteId === undefined ? [circuit] : [`${renderId(info.remoteId)}/${circuit}`, circuit];
}
