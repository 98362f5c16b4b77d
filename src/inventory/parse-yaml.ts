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

function findDeepBracket(text: string): number | undefined {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index) | 0x20;
    // `[` and `{` differ in one bit, and so do `]` and `}`.
    if (code === 0x7b) depth += 1;
    else if (code === 0x7d && depth > 0) depth -= 1;
    if (depth > DEEPEST_BRACKETS) return index;
  }
  return undefined;
}

/** The yaml package recurses: a hundred thousand open brackets end the stack before they end the text. */
function guardDepth<T>(text: string, at: (offset: number) => Spot, report: Report, parse: () => T): T | undefined {
  const deep = findDeepBracket(text);
  if (deep !== undefined) {
    report.error(at(deep), `more than ${DEEPEST_BRACKETS} brackets are open here: nested too deeply`);
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

/** Pure: text of one file to values with places. Hostile text gives problems, it never throws. */
export function parseYaml(file: string, source: string): ParsedYaml {
  const report = createReport();
  const lines = new LineCounter();
  const at = (offset: number): Spot => ({ file, offset, lines });
  const text = withoutMark(source);
  const composed = guardDepth(text, at, report, () =>
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
  const trees = guardDepth(text, at, report, () =>
    [...parseAllDocuments(text, { ...OPTIONS, lineCounter: lines })].flatMap((document) => {
      const { tree } = composeTree(document as Document.Parsed, text, at, report);
      return tree === undefined ? [] : [tree];
    }),
  );
  return trees ?? [];
}
