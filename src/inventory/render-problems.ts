import type { Problem } from '../core/spec.ts';

/** `_site.yaml` first, then by path, line, column: the order in which a person repairs a tree. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const text = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return [...problems].sort(
    (a, b) => text(a.file, b.file) || a.line - b.line || a.column - b.column || text(a.message, b.message),
  );
}

/** `file:line:column: error: message`, one line each: what editors and CI logs turn into links. */
export function renderProblems(problems: readonly Problem[], folder = ''): string {
  const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  return sortProblems(problems)
    .map((one) => `${prefix}${one.file}:${one.line}:${one.column}: ${one.severity}: ${one.message}\n`)
    .join('');
}

export function renderProblemsJson(problems: readonly Problem[]): string {
  const count = (severity: Problem['severity']) => problems.filter((one) => one.severity === severity).length;
  const counts = { errors: count('error'), warnings: count('warning') };
  return `${JSON.stringify({ ...counts, problems: sortProblems(problems) }, undefined, 2)}\n`;
}
