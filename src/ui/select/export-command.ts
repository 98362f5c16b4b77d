import type { ServiceRow } from '../../link/screen-port.ts';
import type { BringUpView } from './bring-up-view.ts';

/** The command line that writes the report of the wave, as it can be pasted into any shell of this host. */
export function exportCommand(
  { services }: { readonly services: readonly ServiceRow[] },
  { wave, isOver }: BringUpView,
): string | undefined {
  if (wave === undefined || !isOver) return undefined;
  // The engine names its state folder where it says whether the journal is kept.
  const state = services.find((row) => row.name === 'journal')?.listens;
  const where = state === undefined || state === '-' ? '' : ` --state ${quoted(state)}`;
  return `crashcart export ${wave.id}${where}`;
}

const quoted = (text: string): string => (/^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
