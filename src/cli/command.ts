import type { ParseArgsOptionsConfig } from 'node:util';

/** Exit codes that scripts rely on. */
export const EXIT = { done: 0, no: 1, usage: 2, cannotRun: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface CommandContext {
  readonly options: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  readonly words: readonly string[];
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the command whatever it waits for; nothing of it is told any more. */
  readonly giveUp?: (why: CannotGoOn) => void;
}

export interface OptionHelp {
  readonly value?: string;
  readonly help: string;
  /** `--pcapng NODE…`: the words behind its value, up to the next option, are values too. Takes `multiple`. */
  readonly takesMany?: true;
}

/** One command: what it takes, what help and completions say of it, and what it does. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly usage: readonly string[];
  readonly about?: string;
  readonly options: { readonly [name: string]: ParseArgsOptionsConfig[string] & OptionHelp };
  /** What its words are, for completions. */
  readonly completes?: 'nodes' | 'files' | readonly string[];
  /** More words are refused: a flag was forgotten, or a comma. Absent: it takes many, or counts them itself. */
  readonly mostWords?: number;
  readonly examples?: readonly string[];
  readonly run: (context: CommandContext) => Promise<ExitCode>;
}

/** Ends a command with a sentence for the operator. Never a stack. */
export class CannotGoOn extends Error {
  readonly code: ExitCode;
  constructor(code: ExitCode, message: string) {
    super(message);
    this.code = code;
  }
}

export const usageProblem = (message: string): CannotGoOn => new CannotGoOn(EXIT.usage, message);
export const cannotRun = (message: string): CannotGoOn => new CannotGoOn(EXIT.cannotRun, message);

export const INVENTORY_OPTION = {
  inventory: {
    type: 'string',
    short: 'i',
    value: 'DIR',
    help: 'the inventory folder (default: ./inventory, or $CRASHCART_INVENTORY)',
  },
} as const;

export const JSON_OPTION = { json: { type: 'boolean', help: 'print JSON for scripts' } } as const;

const TAKE_OPTION = {
  take: { type: 'boolean', help: 'take over the write side from another operator' },
} as const;

export const SOCKET_OPTION = {
  socket: {
    type: 'string',
    value: 'PATH',
    help: 'control socket of the engine (default: that of the inventory here, of this user, or of his demo; of several demos orders take none, and what forbids takes no rehearsal)',
  },
} as const;

/** Of every command that gives an order to the engine. */
export const ORDER_OPTIONS = { ...TAKE_OPTION, ...JSON_OPTION, ...SOCKET_OPTION } as const;

export function textOption(context: CommandContext, name: string): string | undefined {
  const value = context.options[name];
  return typeof value === 'string' ? value : undefined;
}

export function numberOption(
  context: CommandContext,
  name: string,
  fallback: number,
  least = 0,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const text = textOption(context, name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < least || value > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`;
    throw usageProblem(`--${name} takes a number ${range}, not "${text}"`);
  }
  return value;
}

export const flag = (context: CommandContext, name: string): boolean => context.options[name] === true;

export function inventoryFolder(context: CommandContext): string {
  return textOption(context, 'inventory') ?? (context.env.CRASHCART_INVENTORY || 'inventory');
}

/** A command that only reads was given a folder that is not there. */
export const noInventory = (folder: string): CannotGoOn =>
  usageProblem(
    `there is no inventory folder ${folder}: name one with --inventory DIR or $CRASHCART_INVENTORY, or begin one with a file _site.yaml (an example comes with the program, in its folder inventory)`,
  );
