import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseAllDocuments } from 'yaml';
import { HIDDEN, isEncodedKey, maskText, type NameSecret } from './mask-text.ts';

/** Any value below a key of these names, wherever it stands: the documents of 1.14 moved the secrets, not their names. */
const SECRET_KEYS =
  /^(?:key|auth|(?:proxy-)?authorization|.*(?:token|secret|password|passwd|passphrase|private_?key|presharedkey|psk|authkey|apikey|credentials?))$/i;
/** Environment variables as a map. */
const SECRET_VARIABLE = /^[A-Z0-9_]*(?:KEY|TOKEN|SECRET|PASS|PWD|CREDENTIAL)[A-Z0-9_]*$/;
const SECRET_NAME = /key|token|secret|pass|pwd|credential|auth/i;
/** Names of environment variables and the like, `NAME=value`. */
const SECRET_ASSIGNMENT = /^([A-Za-z0-9_.-]{0,40}(?:KEY|TOKEN|SECRET|PASS|PWD|CREDENTIAL)[A-Za-z0-9_.-]{0,40}=).+/is;
/** Content that Talos passes on unread: files, manifests, extension settings. Nobody can tell what is secret in it. */
const FREE_CONTENT: ReadonlySet<string> = new Set(['content', 'contents']);
const SECRET_COMMENT = /PRIVATE KEY|passw|passphrase|token|secret|\bkey\b|api.?key|credential|\bpsk\b/i;

/** A configuration whose secrets were found, with names in their places: as often as wanted, read once. */
export type MaskedConfig = (nameSecret?: NameSecret) => string;

/**
 * The configuration as it may be shown: every secret of §6.6 of the facts is replaced, the rest stays to the byte.
 * What cannot be read is not shown at all.
 */
export const maskConfig = (text: string, nameSecret?: NameSecret): string => readMasks(text)(nameSecret);

export function readMasks(text: string): MaskedConfig {
  const documents = parseAllDocuments(text, { schema: 'failsafe', prettyErrors: false });
  const list = Array.isArray(documents) ? documents : [];
  if (list.some((one) => one.errors.length > 0)) return () => '(not readable as YAML: hidden)\n';
  const cuts: Cut[] = [];
  for (const document of list) collect(document, document.contents, false, '', cuts);
  // Of two cuts at one place the wider one: an anchor may be a secret where it is used and none where it stands.
  cuts.sort((a, b) => a.from - b.from || Number(b.whole) - Number(a.whole));
  return (nameSecret = () => HIDDEN) => withNames(text, cuts, nameSecret);
}

function withNames(text: string, cuts: readonly Cut[], nameSecret: NameSecret): string {
  let masked = '';
  let at = 0;
  for (const { from, to, value } of cuts) {
    if (from < at) continue;
    masked += maskLoose(text.slice(at, from), nameSecret) + value(nameSecret);
    // A block scalar ends behind its line break, which must stay.
    at = text[to - 1] === '\n' ? to - 1 : to;
  }
  return masked + maskLoose(text.slice(at), nameSecret);
}

interface Cut {
  readonly from: number;
  readonly to: number;
  readonly whole: boolean;
  readonly value: (nameSecret: NameSecret) => string;
}

function collect(document: Document, node: unknown, secret: boolean, key: string, cuts: Cut[]): void {
  if (isAlias(node)) {
    // What stands at the anchor is as secret as where it is used; without a secret it is looked at in its own place.
    if (secret || FREE_CONTENT.has(key)) collect(document, node.resolve(document), true, key, cuts);
  } else if (isMap(node)) {
    const valueIsSecret = namesSecret(node.get('name'));
    for (const pair of node.items) collectPair(document, pair as Pair, secret, valueIsSecret, cuts);
  } else if (isSeq(node)) for (const item of node.items) collect(document, item, secret, key, cuts);
  else if (isScalar(node)) {
    const text = String(node.value ?? '');
    const shown = text === '' ? undefined : hidden(text, secret, key);
    const range = (node as Node).range;
    if (shown !== undefined && range) cuts.push({ from: range[0], to: range[1], ...shown });
  }
}

/** `{name: DB_PASSWORD, value: …}`, as containers have it. */
const namesSecret = (name: unknown): boolean => typeof name === 'string' && SECRET_NAME.test(name);

function collectPair(document: Document, pair: Pair, secret: boolean, valueIsSecret: boolean, cuts: Cut[]): void {
  const key = isScalar(pair.key) ? String(pair.key.value) : '';
  const secretHere = secret || SECRET_KEYS.test(key) || SECRET_VARIABLE.test(key) || (valueIsSecret && key === 'value');
  collect(document, pair.value, secretHere, key, cuts);
}

/** How a value is shown, or undefined when it is no secret. */
function hidden(text: string, secret: boolean, key: string): Pick<Cut, 'value' | 'whole'> | undefined {
  if (secret || FREE_CONTENT.has(key) || /PRIVATE KEY/.test(text) || isEncodedKey(text))
    return { whole: true, value: (name) => `"${name(text)}"` };
  const assigned = SECRET_ASSIGNMENT.exec(text);
  if (assigned !== null) return { whole: false, value: (name) => `"${assigned[1]}${name(text)}"` };
  return maskText(text) === text ? undefined : { whole: false, value: (name) => JSON.stringify(maskText(text, name)) };
}

/** What stands between the values: a comment that speaks of a secret may hold the old one, so it goes as a whole. */
function maskLoose(text: string, nameSecret: NameSecret): string {
  return maskText(text, nameSecret).replace(/(^|[ \t])#[^\n]*/gm, (comment, before: string) =>
    SECRET_COMMENT.test(comment) ? `${before}# ${HIDDEN}` : comment,
  );
}
