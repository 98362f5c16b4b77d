/**
 * Text from the network is hostile: DHCP host names, BMC model strings, kernel log lines. Everything that can move a
 * cursor, paint a colour, reorder a line or hide is dropped before the text reaches an event, a log or a screen.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this pattern is for
const ESCAPES = /\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[[0-9;?<=>!]*[ -/]*[@-~]|\u001b./gs;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]|[\ufe00-\ufe0f]/gu;
/** Nearly every text is this, and needs none of the rest. */
const PLAIN = /^[ -~]*$/;

export function cleanText(raw: string, maxLength = 200): string {
  if (raw.length <= maxLength && PLAIN.test(raw)) return raw.trim();
  // A 50 MB string is cut before the patterns run over it; escapes can only make it shorter.
  const head = raw.length > maxLength * 8 + 1024 ? raw.slice(0, maxLength * 8 + 1024) : raw;
  const text = head
    .replace(/[\t\r\n\v\f]+/g, ' ')
    .replace(ESCAPES, '')
    .replace(UNPRINTABLE, '')
    .trim();
  if (text.length <= maxLength) return text;
  return `${text.slice(0, maxLength - 1)}~`;
}
