import { nearestName } from './nearest-name.ts';
import { quote, type Report } from './report.ts';
import { toPlain, type YamlTree } from './yaml-tree.ts';

/** The parts of a valibot schema that tell which keys there are, so that no second list of keys exists. */
export interface KeySource {
  readonly type: string;
  readonly entries?: Readonly<Record<string, KeySource>>;
  readonly wrapped?: KeySource;
  readonly item?: KeySource;
  readonly getter?: (input: unknown) => KeySource;
}

export interface KeyRules {
  /** Read as another key before the shape is looked at. */
  readonly alsoKnown?: readonly string[];
  /** What people write from habit, and what to write here. */
  readonly habits?: Readonly<Record<string, string>>;
}

function innerOf(schema: KeySource | undefined, input: unknown): KeySource | undefined {
  if (schema?.wrapped !== undefined) return innerOf(schema.wrapped, input);
  if (schema?.type === 'lazy' && schema.getter !== undefined) return innerOf(schema.getter(input), input);
  return schema;
}

function allPaths(schema: KeySource, before = ''): string[] {
  return Object.entries(schema.entries ?? {}).flatMap(([key, child]) => {
    const path = `${before}${key}`;
    const inner = innerOf(child, {});
    return [path, ...(inner === undefined ? [] : allPaths(inner.item ?? inner, `${path}.`))];
  });
}

const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

function elsewhere(path: string): string {
  const parent = path.slice(0, -lastOf(path).length - 1);
  return parent === '' ? 'it belongs at the top level' : `it belongs under "${parent}:" (${path})`;
}

/** In this order: a known habit, the right key at the wrong level, a misspelling here, a misspelling elsewhere. */
function adviceFor(key: string, known: readonly string[], root: KeySource, rules: KeyRules): string {
  const plain = key.toLowerCase().replace(/[-_]/g, '');
  // `constructor` is a key like any other.
  const habit = rules.habits !== undefined && Object.hasOwn(rules.habits, plain) ? rules.habits[plain] : undefined;
  if (habit !== undefined) return `; ${habit}`;
  const paths = allPaths(root);
  const exact = paths.filter((path) => lastOf(path) === key).sort((a, b) => a.length - b.length)[0];
  if (exact !== undefined) return `; ${elsewhere(exact)}`;
  const near = nearestName(key, known);
  if (near !== undefined) return `; did you mean "${near}"?`;
  const far = nearestName(key, paths.map(lastOf));
  const path = paths.find((one) => lastOf(one) === far);
  if (path !== undefined) return `; did you mean "${far}"? ${elsewhere(path)}`;
  return `; known here: ${known.slice(0, 12).join(', ')}${known.length > 12 ? ', …' : ''}`;
}

/** Every key that the shape does not know, with what was probably meant and where it belongs. */
export function checkKeys(tree: YamlTree, root: KeySource, report: Report, rules: KeyRules = {}): void {
  const visit = (node: YamlTree, schema: KeySource | undefined, path: readonly string[]): void => {
    if (node.kind === 'word' || schema === undefined || report.isFull(node.spot.file)) return;
    const inner = schema.type === 'lazy' || schema.wrapped !== undefined ? innerOf(schema, toPlain(node)) : schema;
    if (node.kind === 'list') {
      for (const item of node.items) visit(item, inner?.item, path);
      return;
    }
    if (inner?.entries === undefined) return;
    const entries = inner.entries;
    const extra = path.length === 0 ? (rules.alsoKnown ?? []) : [];
    for (const [key, entry] of node.entries) {
      if (Object.hasOwn(entries, key)) visit(entry.value, entries[key], [...path, key]);
      else if (!extra.includes(key) && !report.isFull(entry.key.file)) {
        const known = [...Object.keys(entries), ...extra];
        const where = path.length === 0 ? '' : ` in "${path.join('.')}"`;
        report.error(entry.key, `unknown key ${quote(key)}${where}${adviceFor(key, known, root, rules)}`);
      }
    }
  };
  visit(tree, root, []);
}
