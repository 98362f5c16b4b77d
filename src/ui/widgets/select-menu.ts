import { fitText, showText, widthOf, wrapText } from '../terminal/fit-text.ts';
import type { Theme } from '../terminal/theme.ts';
import type { FrameLine } from './frame.ts';

export interface MenuLine {
  readonly key: string;
  readonly text: string;
  /** Why it cannot be chosen now; it stays readable, so that nobody searches for it. */
  readonly against: string | undefined;
  readonly grave: boolean;
}

/** A window of choices: `>` and inverse on the one that Enter takes, its key on the right, the reason where there is one. */
export function menuLines(
  theme: Theme,
  items: readonly MenuLine[],
  index: number,
  width: number,
  height: number,
): readonly FrameLine[] {
  const top = Math.max(0, Math.min(index - Math.floor(height / 2), items.length - height));
  const keyColumns = keyColumnsOf(items);
  return items.slice(top, top + height).map((item, at): FrameLine => {
    const here = top + at === index;
    const key = fitText(item.key, keyColumns);
    const text = fitText(`${here ? '> ' : '  '}${key}${wholeText(theme, item)}`, width - 2);
    if (here) return [[text, 'selected']];
    return item.against !== undefined ? [[text, 'dim']] : item.grave ? [[text, 'bad']] : [text];
  });
}

/** The chosen line in full where its row cuts it; else nothing. */
export function cutLines(theme: Theme, items: readonly MenuLine[], index: number, width: number): readonly FrameLine[] {
  const item = items[index];
  if (item === undefined) return [];
  const text = wholeText(theme, item);
  if (widthOf(text) <= width - 4 - keyColumnsOf(items)) return [];
  return wrapText(text, width).map((line): FrameLine => [[line, 'dim']]);
}

const keyColumnsOf = (items: readonly MenuLine[]): number => (items.some((item) => item.key !== '') ? 7 : 0);

const wholeText = (theme: Theme, { text, against }: MenuLine): string =>
  showText(against === undefined ? text : `${text} (${against})`, theme.set);
