/** X.690: tag, length in the short or the long form, content. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  if (size < 0x80) return Buffer.concat([Buffer.from([tag, size]), content]);
  const hex = size.toString(16);
  const length = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content]);
}

export const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts);
export const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
/** Zero unused bits in front: all our bit strings are whole bytes. */
export const bitString = (bytes: Uint8Array) => der(0x03, Buffer.from([0]), bytes);
