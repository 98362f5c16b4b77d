import { type Document, isMap, isScalar, LineCounter, parseAllDocuments, parseDocument, type YAMLError } from 'yaml';
import type { Problem } from '../core/spec.ts';
import { buildTree } from './build-tree.ts';
import { createReport, type Report } from './report.ts';
import { emptyMap, type MapTree, type Spot } from './yaml-tree.ts';

export interface ParsedYaml {
  /** Absent when the text cannot be used. */
  readonly tree?: MapTree;
  /** Nothing but comments. */
  readonly empty: boolean;
  readonly problems: readonly Problem[];
}

/** One slip of the keyboard makes many syntax errors; the first few lines of them say it. */
const SYNTAX_ERRORS_SHOWN = 3;

const IN_WORDS: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  TAB_AS_INDENT: 'a tab indents this line; YAML takes only spaces there',
  MULTIPLE_DOCS: 'a second document begins here (---); write one document per file',
  BAD_ALIAS: 'this alias (*name) points to no anchor (&name) above it',
  RESOURCE_EXHAUSTION: 'nested too deeply',
};

function reportSyntax(errors: readonly YAMLError[], at: (offset: number) => Spot, report: Report): void {
  const lines = new Set<number>();
  for (const error of errors) {
    const spot = at(error.pos[0]);
    lines.add(spot.lines?.linePos(spot.offset).line ?? 0);
    if (lines.size > SYNTAX_ERRORS_SHOWN) return;
    report.error(spot, IN_WORDS[error.code] ?? `not valid YAML: ${error.message}`);
  }
}

interface Composed {
  readonly tree?: MapTree;
  readonly empty: boolean;
}

function composeTree(document: Document.Parsed, text: string, at: (offset: number) => Spot, report: Report): Composed {
  const before = report.problems.length;
  reportSyntax(document.errors, at, report);
  for (const warning of document.warnings) report.error(at(warning.pos[0]), `${warning.message}; write plain YAML`);
  if (report.problems.length > before) return { empty: false };
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return { empty: true };
  }
  if (isMap(document.contents)) {
    return { tree: buildTree(document.contents, text.includes('&'), at, report), empty: false };
  }
  report.error(at(document.contents.range?.[0] ?? 0), 'expected a map of keys, such as "serial: CZJ2140K9P"');
  return { empty: false };
}

// Duplicate keys are looked for while the tree is built, so that the message can name both places. `silent` would
// also silence the error about a second document.
const OPTIONS = { prettyErrors: false, uniqueKeys: false, logLevel: 'error' } as const;

// A byte order mark is allowed at the start and takes no column.
const withoutMark = (source: string) => (source.startsWith('\ufeff') ? source.slice(1) : source);

/** No tree is so deep, and the yaml package takes seconds to find out about a megabyte of brackets. */
const DEEPEST_BRACKETS = 500;
/** Each costs the parser some 20 microseconds, and it cannot be interrupted: the thread that answers DHCP waits for it. */
const MARKS = '\n\r,:[]{}?&*!%"\'';
const DASH = 0x2d;
const SPACE = 0x20;

const IS_MARK = Uint8Array.from({ length: 128 }, (_, code) => (MARKS.includes(String.fromCharCode(code)) ? 1 : 0));

/** Why this text is not worth parsing, and where. */
function findExcess(text: string, marksMax: number): { readonly at: number; readonly why: string } | undefined {
  let depth = 0;
  let marks = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === DASH) marks += text.charCodeAt(index + 1) === SPACE ? 1 : 0;
    else if (code < 128) marks += IS_MARK[code] ?? 0;
    // `[` and `{` differ in one bit, and so do `]` and `}`.
    const bracket = code | 0x20;
    if (bracket === 0x7b) depth += 1;
    else if (bracket === 0x7d && depth > 0) depth -= 1;
    if (depth > DEEPEST_BRACKETS)
      return { at: index, why: `more than ${DEEPEST_BRACKETS} brackets are open here: nested too deeply` };
    if (marks > marksMax)
      return { at: index, why: `more than ${marksMax} lines and values up to here: too much for one file` };
  }
  return undefined;
}

/** The yaml package recurses: a hundred thousand open brackets end the stack before they end the text. */
function guard<T>(
  text: string,
  marksMax: number,
  at: (offset: number) => Spot,
  report: Report,
  parse: () => T,
): T | undefined {
  const excess = findExcess(text, marksMax);
  if (excess !== undefined) {
    report.error(at(excess.at), excess.why);
    return undefined;
  }
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    report.error(at(0), 'nested too deeply');
    return undefined;
  }
}

/** A site with 500 networks has some 10,000. */
export const SITE_MARKS_MAX = 20_000;

/** Pure: text of one file to values with places. Hostile text gives problems, it never throws and takes no time. */
export function parseYaml(file: string, source: string, marksMax = SITE_MARKS_MAX): ParsedYaml {
  const report = createReport();
  const lines = new LineCounter();
  const at = (offset: number): Spot => ({ file, offset, lines });
  const text = withoutMark(source);
  const composed = guard(text, marksMax, at, report, () =>
    composeTree(parseDocument(text, { ...OPTIONS, lineCounter: lines }), text, at, report),
  );
  if (composed?.empty) return { tree: emptyMap(file), empty: true, problems: [] };
  return { ...composed, empty: false, problems: report.problems };
}

/** A stream of documents, as `kubectl get -o yaml` and manifests have it, for the importers. */
export function parseYamlStream(file: string, source: string, report: Report): MapTree[] {
  const lines = new LineCounter();
  const at = (offset: number): Spot => ({ file, offset, lines });
  const text = withoutMark(source);
  const trees = guard(text, Number.POSITIVE_INFINITY, at, report, () =>
    [...parseAllDocuments(text, { ...OPTIONS, lineCounter: lines })].flatMap((document) => {
      const { tree } = composeTree(document as Document.Parsed, text, at, report);
      return tree === undefined ? [] : [tree];
    }),
  );
  return trees ?? [];
}
