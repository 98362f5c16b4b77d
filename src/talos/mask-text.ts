/** Makes one text for each secret: the same for the same value, so that a diff shows that a secret changed. */
export type NameSecret = (secret: string) => string;

export const HIDDEN = '********';
const hide: NameSecret = () => HIDDEN;

/** What a secret looks like in text that has no keys of its own: arguments, URLs, headers, messages. */
type Pattern = readonly [find: RegExp, replace: (name: NameSecret, head: string, secret: string) => string];

const after: Pattern[1] = (name, head, secret) => `${head}${name(secret)}`;
const WORDS = 'token|secret|passw(?:or)?d|passphrase|pwd|credential|api[-_]?key|private[-_]?key|access[-_]?key';

const PATTERNS: readonly Pattern[] = [
  [/()(-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$))/g, after],
  [/((?:proxy-)?authorization["']?\s*[:=]\s*["']?)([^\s"'][^"'\r\n]*)/gi, after],
  [/(\b(?:bearer|basic)\s+)([\w.~+/=-]{8,})/gi, after],
  // A password may hold `@`, and careless ones a slash.
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/)([^/\s"']{0,300}|[^\s/@:"']{1,100}:[^\s"']{1,200})(?=@)/gi, after],
  [
    /([?&;][\w.-]{0,40}(?:token|key|secret|passw(?:or)?d|pwd|signature|credential|\bsig|auth)[\w.-]{0,40}=)([^&\s"'#]+)/gi,
    after,
  ],
  [new RegExp(`((?<![\\w.-])[\\w.-]{0,40}(?:${WORDS})[\\w.-]{0,40}=)("[^"]*"|'[^']*'|[^\\s&"']+)`, 'gi'), after],
  // The path of one attempt: whoever has it may ask for a configuration.
  [/(\/t\/)([a-z2-7]{32})(?![a-z0-9])/g, after],
  // A bootstrap or trustd token, and a JSON web token.
  [/()(\b[a-z0-9]{6}\.[a-z0-9]{16}\b)/g, after],
  [/()(\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)/g, after],
];

/** Every secret that can be told by its looks is replaced, the rest stays. */
export function maskText(text: string, name: NameSecret = hide): string {
  let masked = text;
  for (const [find, replace] of PATTERNS)
    masked = masked.replace(find, (_all, head: string, secret: string) => replace(name, head, secret));
  return masked.replace(/LS0t[A-Za-z0-9+/=]{20,}/g, (found) => (isEncodedKey(found) ? name(found) : found));
}

/** A sentence of Talos may quote what it could not read: `cannot unmarshal "hunter2" into token`. */
export function maskMessage(text: string): string {
  const secretWord = new RegExp(`\\b\\w*(?:${WORDS}|key|auth)s?\\b`, 'i');
  const masked = maskText(text);
  if (!secretWord.test(masked)) return masked;
  return masked
    .replace(/(["'`])((?:\\.|(?!\1).)*)\1/g, (all, quote: string, inside: string) =>
      inside === HIDDEN || isName(inside) ? all : `${quote}${HIDDEN}${quote}`,
    )
    .replace(new RegExp(`(\\b\\w*(?:${WORDS}|key)\\b["'\`]?\\s*:\\s*)([^\\s"'\`,;]+)`, 'gi'), `$1${HIDDEN}`);
}

/** Names of settings and of types may stay: without them the message says nothing. */
const isName = (text: string): boolean =>
  /^(?:!!\w+|v1alpha1(?:\.\w+)?|(?:machine|cluster)(?:\.\w+)*|\*?\w+\.\w+Config|[A-Z]\w+Config|token|secret|key|password)$/.test(
    text,
  );

export function isEncodedKey(text: string): boolean {
  return text.startsWith('LS0t') && Buffer.from(text, 'base64').toString('latin1').includes('PRIVATE KEY');
}
