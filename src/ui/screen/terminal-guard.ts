import type { ScreenModel } from '../state/screen-model.ts';
import type { TerminalProfile } from '../terminal/terminal-profile.ts';
import {
  AUTOWRAP_OFF,
  AUTOWRAP_ON,
  BELL,
  CLEAR_SCREEN,
  copySequence,
  keepTitle,
  MOUSE_OFF,
  MOUSE_ON,
  restoreTitle,
  titleSequence,
} from '../terminal/terminal-sequences.ts';

/** The states of a terminal that Ink does not keep: autowrap, mouse, title. Taken once, given back on every way out. */
export interface TerminalGuard {
  take(): void;
  giveBack(): void;
  copy(text: string): boolean;
  setMouse(on: boolean): void;
  /** Title, and a bell when more has failed than before or nothing can be saved any more. */
  tell(model: ScreenModel): void;
}

interface Output {
  write(text: string): unknown;
}

export function createTerminalGuard(out: Output, profile: TerminalProfile): TerminalGuard {
  let taken = false;
  let mouse = false;
  let title = '';
  let failed: number | undefined;
  let wasUnsaved: boolean | undefined;
  // GNU screen has its alternate screen off by default, a vt220 has none: the shell's prompt would stand behind our last line.
  const newLine = !profile.console && (!profile.osc || profile.multiplexer === 'screen') ? '\r\n' : '';
  const write = (text: string) => {
    if (text !== '') out.write(text);
  };
  return {
    take: () => {
      if (taken) return;
      taken = true;
      // Before kernel 6.18 a Linux console has no alternate screen: what stood there is cleared instead.
      write(keepTitle(profile) + AUTOWRAP_OFF + (profile.console ? CLEAR_SCREEN : '') + (mouse ? MOUSE_ON : ''));
    },
    giveBack: () => {
      if (!taken) return;
      taken = false;
      title = '';
      write(
        (mouse ? MOUSE_OFF : '') + AUTOWRAP_ON + (profile.console ? CLEAR_SCREEN : newLine) + restoreTitle(profile),
      );
    },
    copy: (text) => {
      const sequence = copySequence(text, profile);
      if (sequence !== undefined) write(sequence);
      return sequence !== undefined;
    },
    setMouse: (on) => {
      mouse = on;
      write(on ? MOUSE_ON : MOUSE_OFF);
    },
    tell: (model) => {
      const { counts, total } = model.view;
      const next = `crashcart ${model.fleet.site}: ${model.fleet.saving.is === 'failing' ? 'NOT SAVING, ' : ''}${counts.failed} failed, ${counts.stalled} stalled, ${counts.ready} of ${total} ready`;
      const worse = failed !== undefined && counts.failed > failed;
      failed = counts.failed;
      const { bell, title: titled } = model.ui.look;
      const unsaved = model.fleet.saving.is === 'failing';
      if (bell && (worse || (unsaved && wasUnsaved === false))) write(BELL);
      wasUnsaved = unsaved;
      if (!titled) return;
      if (next !== title) write(titleSequence(next, profile));
      title = next;
    },
  };
}
