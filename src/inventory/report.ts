import { cleanText } from '../core/clean-text.ts';
import type { Problem } from '../core/spec.ts';
import type { Spot } from './yaml-tree.ts';

/** Collects problems in one pass. One that many machines inherit from the same line is said once. */
export interface Report {
  readonly problems: readonly Problem[];
  error(at: Spot, message: string): void;
  warn(at: Spot, message: string): void;
  /** So many problems that nobody reads more: a check may stop. */
  isFull(file: string): boolean;
}

/** Long enough for two places and an example. */
const MESSAGE_LENGTH = 500;
/** What a megabyte of nonsense may say. The rest comes to light when these are repaired. */
const PROBLEMS_PER_FILE = 100;

export function placeOf(at: Spot): { readonly file: string; readonly line: number; readonly column: number } {
  const file = cleanText(at.file, 300);
  if (at.lines === undefined) return { file, line: 1, column: 1 };
  const { line, col } = at.lines.linePos(at.offset);
  return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

export function renderPlace(at: Spot): string {
  const { file, line, column } = placeOf(at);
  return `${file}:${line}:${column}`;
}

export function createReport(): Report {
  const problems: Problem[] = [];
  const said = new Set<string>();
  const counts = new Map<string, number>();
  const isFull = (file: string) => (counts.get(file) ?? 0) >= PROBLEMS_PER_FILE;
  const add = (severity: Problem['severity'], at: Spot, message: string) => {
    if (isFull(at.file)) return;
    const key = `${at.file}\0${at.offset}\0${message}`;
    if (said.has(key)) return;
    said.add(key);
    counts.set(at.file, (counts.get(at.file) ?? 0) + 1);
    problems.push({ ...placeOf(at), severity, message: cleanText(message, MESSAGE_LENGTH) });
    if (!isFull(at.file)) return;
    const more = `more than ${PROBLEMS_PER_FILE} problems in this file; the rest is not listed`;
    problems.push({ ...placeOf(at), severity: 'error', message: more });
  };
  return {
    problems,
    isFull,
    error: (at, message) => add('error', at, message),
    warn: (at, message) => add('warning', at, message),
  };
}

/** A value from a file as it may stand in a message. */
export const quote = (value: unknown): string => `"${cleanText(String(value), 60)}"`;
