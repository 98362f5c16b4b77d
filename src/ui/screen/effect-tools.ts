import type { Result } from '../../core/result.ts';
import type { ScreenPort } from '../../link/screen-port.ts';
import type { ScreenModel } from '../state/screen-model.ts';
import type { Toast } from '../state/ui-state.ts';
import type { ProgramRun } from './run-program.ts';

/** What the terminal can do for an effect; `run-screen` has the real one. */
export interface TerminalDeeds {
  copy(text: string): boolean;
  setMouse(on: boolean): void;
  redraw(): void;
  suspend(): void;
  quit(): void;
  keepLook(): void;
  /** Where this host keeps what the operator saves, when the engine does not say. */
  saveText(name: string, text: string): Promise<Result<string>>;
  /** Runs a program with the terminal given to it; resolves with why it could not, or undefined. */
  runProgram(command: readonly string[], how?: ProgramRun): Promise<string | undefined>;
  editorCommand(file: string): readonly string[];
  pagerCommand(file: string): readonly string[];
}

export type Update = (change: (model: ScreenModel) => ScreenModel) => void;
export type Say = (tone: Toast['tone'], text: string) => void;

/** What an effect works with. */
export interface EffectTools {
  readonly port: ScreenPort;
  readonly deeds: TerminalDeeds;
  readonly update: Update;
  readonly read: () => ScreenModel;
  /** The engine has answered: it is there. */
  readonly heard: () => void;
  readonly toast: Say;
  /** One question of a kind at a time: a slow engine is not asked again before it answered. */
  readonly once: (key: string, ask: () => Promise<void>) => void;
}
