import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseAllDocuments } from 'yaml';

const HIDDEN = '********';

/** Any value below a key of these names, wherever it stands: the documents of 1.14 moved the secrets, not their names. */
const SECRET_KEYS =
  /^(?:key|token|secret|auth|.*(?:secret|password|passphrase|private_?key|presharedkey|psk|authkey|apikey|identitytoken|jointoken|bootstraptoken))$/i;
/** Names of environment variables and the like, `NAME=value`. */
const SECRET_ASSIGNMENT = /^([A-Za-z0-9_.-]{0,40}(?:KEY|TOKEN|SECRET|PASS|PWD|CREDENTIAL)[A-Za-z0-9_.-]{0,40}=).+/is;
/** Content that Talos passes on unread: files, manifests, extension settings. */
const FREE_CONTENT: readonly string[] = ['content', 'contents'];
const SUSPICIOUS = /kind:\s*"?Secret\b|PRIVATE KEY|passw|token|secret|api.?key|credential/i;

/** Makes one text for each secret: the same for the same value, so that a diff shows that a secret changed. */
export type NameSecret = (secret: string) => string;

/**
 * The configuration as it may be shown: every secret of §6.6 of the facts is replaced, the rest stays to the byte.
 * What cannot be read is not shown at all.
 */
export function maskConfig(text: string, nameSecret: NameSecret = () => HIDDEN): string {
  const documents = parseAllDocuments(text, {
    schema: 'failsafe',
    prettyErrors: false,
    lineCounter: new LineCounter(),
  });
  const list = Array.isArray(documents) ? documents : [];
  if (list.some((one) => one.errors.length > 0)) return '(not readable as YAML: hidden)\n';
  const cuts: Cut[] = [];
  for (const document of list) collect(document.contents, false, '', cuts);
  let masked = '';
  let at = 0;
  for (const { from, to, value } of cuts.sort((a, b) => a.from - b.from)) {
    if (from < at) continue;
    masked += text.slice(at, from) + value(nameSecret);
    // A block scalar ends behind its line break, which must stay.
    at = text[to - 1] === '\n' ? to - 1 : to;
  }
  return maskLoose(masked + text.slice(at), nameSecret);
}

interface Cut {
  readonly from: number;
  readonly to: number;
  readonly value: (nameSecret: NameSecret) => string;
}

function collect(node: unknown, secret: boolean, key: string, cuts: Cut[]): void {
  if (isMap(node)) for (const pair of node.items) collectPair(pair as Pair, secret, cuts);
  else if (isSeq(node)) for (const item of node.items) collect(item, secret, key, cuts);
  else if (isScalar(node)) {
    const text = String(node.value ?? '');
    const shown = text === '' ? undefined : hidden(text, secret, key);
    const range = (node as Node).range;
    if (shown !== undefined && range) cuts.push({ from: range[0], to: range[1], value: shown });
  }
}

function collectPair(pair: Pair, secret: boolean, cuts: Cut[]): void {
  const key = isScalar(pair.key) ? String(pair.key.value) : '';
  collect(pair.value, secret || SECRET_KEYS.test(key), key, cuts);
}

/** How a value is shown, or undefined when it is no secret. */
function hidden(text: string, secret: boolean, key: string): Cut['value'] | undefined {
  if (secret) return (name) => `"${name(text)}"`;
  if (FREE_CONTENT.includes(key) && SUSPICIOUS.test(text)) return (name) => `"${name(text)}"`;
  const assigned = SECRET_ASSIGNMENT.exec(text);
  if (assigned !== null) return (name) => `"${assigned[1]}${name(text)}"`;
  if (/PRIVATE KEY/.test(text) || isEncodedKey(text)) return (name) => `"${name(text)}"`;
  const url = maskUrl(text);
  return url === text ? undefined : (name) => JSON.stringify(maskUrl(text, name(text)));
}

/** User and password of a URL, and a join token in its query. */
function maskUrl(text: string, shown = HIDDEN): string {
  return text
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^/@\s]+@/gi, `$1${shown}@`)
    .replace(/([?&](?:jointoken|token|key|secret|password)=)[^&\s]+/gi, `$1${shown}`);
}

function isEncodedKey(text: string): boolean {
  return text.startsWith('LS0t') && Buffer.from(text, 'base64').toString('latin1').includes('PRIVATE KEY');
}

/** Keys in comments: somebody kept the old one. */
function maskLoose(text: string, nameSecret: NameSecret): string {
  return text
    .replace(/LS0t[A-Za-z0-9+/=]{20,}/g, (found) => (isEncodedKey(found) ? nameSecret(found) : found))
    .replace(
      /^([ \t]*#.*?\b(?:token|secret|key|password|passphrase)\b"?\s*:\s*)\S.*$/gim,
      (_all, head: string) => `${head}${HIDDEN}`,
    );
}
