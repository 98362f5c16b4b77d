import {
  Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  Scalar,
  visit,
  YAMLMap,
  YAMLSeq,
} from 'yaml';
import { fail, ok, type Result } from '../core/result.ts';

/**
 * A machine configuration as its documents. Read with YAML's `failsafe` schema: every scalar stays the text that the
 * operator wrote (`0644`, `off`, base64), so what is not touched cannot change its meaning on the way through.
 */
export interface ConfigDocument {
  /** `v1alpha1` for the one document with `version: v1alpha1`, else its `kind`. */
  readonly kind: string;
  readonly name: string;
  readonly apiVersion: string;
  readonly yaml: Document.Parsed | Document;
  readonly root: YAMLMap;
  /** As written, until `touched`. */
  readonly source: string;
  readonly line: number;
  touched: boolean;
}

export interface ConfigProblem {
  /** `base`, `patch 2`, or the kind of the document. */
  readonly document: string;
  readonly line?: number;
  readonly column?: number;
  readonly path?: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

export const MAIN = 'v1alpha1';
const ALIASES_MAX = 200;
const CONFIG_MAX_BYTES = 8 * 1024 * 1024;
const PARSE = { schema: 'failsafe', prettyErrors: false } as const;

export function parseConfig(text: string, from: string): Result<ConfigDocument[], readonly ConfigProblem[]> {
  const problem = (message: string, line?: number, column?: number): ConfigProblem => ({
    document: from,
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
    severity: 'error',
    message,
  });
  if (text.length > CONFIG_MAX_BYTES) return fail([problem('larger than 8 MiB: this is no machine configuration')]);
  const counter = new LineCounter();
  const parsed = parseAllDocuments(text, { ...PARSE, lineCounter: counter });
  const problems: ConfigProblem[] = [];
  const documents: ConfigDocument[] = [];
  let start = 0;
  for (const yaml of Array.isArray(parsed) ? parsed : []) {
    const source = withoutMarkers(text.slice(start, yaml.range[2]));
    start = yaml.range[2];
    const { line, col } = counter.linePos(yaml.contents?.range?.[0] ?? yaml.range[0]);
    for (const error of yaml.errors) {
      const at = counter.linePos(error.pos[0]);
      problems.push(problem(withoutSource(error.message), at.line, at.col));
    }
    if (yaml.errors.length > 0 || isEmpty(yaml.contents)) continue;
    const found = documentOf(yaml, source, line);
    if (typeof found === 'string') problems.push(problem(found, line, col));
    else documents.push(found);
  }
  return problems.length > 0 ? fail(problems) : ok(documents);
}

function documentOf(yaml: Document.Parsed, source: string, line: number): ConfigDocument | string {
  if (isSeq(yaml.contents)) {
    return 'a list is a JSON patch, which Talos refuses for configurations of several documents: write a strategic merge patch';
  }
  if (!isMap(yaml.contents)) return 'not a map of settings';
  const plain = withoutAliases(yaml);
  if (typeof plain === 'string') return plain;
  const root = plain.contents;
  if (!isMap(root)) return 'not a map of settings';
  const kind = textAt(root, 'kind') ?? MAIN;
  const name = textAt(root, 'name') ?? '';
  const apiVersion = textAt(root, 'apiVersion') ?? '';
  return { kind, name, apiVersion, yaml: plain, root, source, line, touched: plain !== yaml };
}

/** Anchors are written out: a merge below one would otherwise change every place that refers to it. */
function withoutAliases(yaml: Document.Parsed): Document | string {
  let aliases = 0;
  let merges = false;
  visit(yaml, (_key, node) => {
    if (isAlias(node)) aliases += 1;
    if (isPair(node) && isScalar(node.key) && node.key.value === '<<') merges = true;
  });
  if (merges) return 'merge keys (`<<`) are not followed here: write the settings out';
  return aliases === 0 ? yaml : writtenOut(yaml);
}

function writtenOut(yaml: Document.Parsed): Document | string {
  const copy = yaml.clone() as Document;
  let left = ALIASES_MAX;
  visit(copy, {
    Node: (_key, node) => {
      if (!isAlias(node)) return undefined;
      left -= 1;
      // The copy may hold further aliases: `visit` goes into what it is given, and the budget ends a bomb.
      return left < 0 ? visit.BREAK : (node.resolve(yaml)?.clone() as Node | undefined);
    },
  });
  if (left < 0) return 'too many aliases';
  visit(copy, {
    Node: (_key, node) => {
      if (!isAlias(node)) delete node.anchor;
    },
  });
  return copy;
}

export function newDocument(kind: string, fields: Readonly<Record<string, unknown>>, name = ''): ConfigDocument {
  const yaml = new Document({}, PARSE);
  const head = { apiVersion: 'v1alpha1', kind, ...(name === '' ? {} : { name }) };
  const root = nodeOf({ ...head, ...fields });
  if (!isMap(root)) throw new Error('a map of settings makes a map');
  yaml.contents = root;
  return { kind, name, apiVersion: 'v1alpha1', yaml, root, source: '', line: 1, touched: true };
}

/** Values as nodes. Numbers and booleans are written plain; text that reads like one is quoted, so that it stays text. */
export function nodeOf(value: unknown): Node {
  if (Array.isArray(value)) {
    const list = new YAMLSeq();
    for (const one of value) list.add(nodeOf(one));
    return list;
  }
  if (typeof value === 'object' && value !== null) {
    const map = new YAMLMap();
    for (const [key, one] of Object.entries(value)) if (one !== undefined) map.set(new Scalar(key), nodeOf(one));
    return map;
  }
  const scalar = new Scalar(String(value));
  if (typeof value === 'string' && READS_AS_OTHER.test(value)) scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}

const READS_AS_OTHER =
  /^(?:|~|null|true|false|yes|no|on|off|y|n|[-+]?(?:\d[\d_]*(?:\.\d*)?(?:e[-+]?\d+)?|0x[\da-f]+|0o?[0-7]+|\.inf|\.nan|\d+(?::\d+)+))$/i;

export function renderDocuments(documents: readonly ConfigDocument[]): string {
  return documents.map((one) => (one.touched ? renderTouched(one) : one.source)).join('---\n');
}

function renderTouched({ yaml, source }: ConfigDocument): string {
  const indent = /\n( {2,8})\S/.exec(`\n${source}`)?.[1]?.length ?? 4;
  const text = yaml.toString({
    lineWidth: 0,
    indent,
    directives: false,
    flowCollectionPadding: false,
    indentSeq: !/:[ \t]*\n( *)\S[^\n]*:[ \t]*\n\1- /.test(source),
  });
  return withoutMarkers(text.endsWith('\n') ? text : `${text}\n`);
}

function withoutMarkers(text: string): string {
  const body = text.replace(/^---(?=\s|$)[ \t]*\n?/m, '').replace(/\n\.\.\.[ \t]*\n?$/, '\n');
  return body.endsWith('\n') || body === '' ? body : `${body}\n`;
}

export function textAt(root: YAMLMap, ...path: readonly string[]): string | undefined {
  const node = root.getIn(path, true);
  return isScalar(node) && typeof node.value === 'string' && node.value !== '' ? node.value : undefined;
}

/** Nothing is said here: no value, or a `null` in any spelling. */
export function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && /^(?:|~|null)$/i.test(String(node.value ?? '')));
}

export const sameDocument = (a: ConfigDocument, b: ConfigDocument): boolean => a.kind === b.kind && a.name === b.name;

export const titleOf = ({ kind, name }: Pick<ConfigDocument, 'kind' | 'name'>): string =>
  name === '' ? kind : `${kind} ${name}`;

/** The library quotes what it stumbled over, which may be a secret. */
const withoutSource = (message: string): string => (message.split('\n', 1)[0] ?? '').replace(/: .*$/, '');
