import { cleanText } from '../core/clean-text.ts';
import type { Fleet } from '../core/fleet.ts';
import { getIn } from '../core/shard-map.ts';
import type { RelayInfo } from '../protocols/dhcp/dhcp-message.ts';

/** Printable identifiers as they are, anything else as hex: switches send both. */
function textOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined || bytes.length === 0) return undefined;
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = raw.toString('latin1');
  return /^[\x21-\x7e][\x20-\x7e]*$/.test(text) ? cleanText(text, 80) : raw.toString('hex').slice(0, 80);
}

/** Option 82 as the inventory writes it: `<remote>/<circuit>` where it is on record like that, else `<circuit>`. */
export function switchPortOf(fleet: Fleet, relay: RelayInfo | undefined): string | undefined {
  const circuit = textOf(relay?.circuitId);
  if (circuit === undefined) return undefined;
  const remote = textOf(relay?.remoteId);
  const both = remote === undefined ? circuit : `${remote}/${circuit}`;
  if (getIn(fleet.index.switchPorts, both) !== undefined) return both;
  return getIn(fleet.index.switchPorts, circuit) !== undefined ? circuit : both;
}

/** RFC 8357: the relay listens on the port that it sent from, not on 67. */
export function hasRelaySourcePort(relay: RelayInfo | undefined): boolean {
  const raw = relay?.raw;
  if (raw === undefined) return false;
  for (let at = 0; at + 1 < raw.length; at += 2 + (raw[at + 1] ?? 0)) if (raw[at] === 19) return true;
  return false;
}
