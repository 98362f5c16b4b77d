/** The tour of the README: under each heading a sentence, then a screen as text. */

export const README = new URL('../../README.md', import.meta.url).pathname;

const TITLE = '\n## A tour of the demo\n';
const PART = /^### (.+)\n([\s\S]*?\n```text\n)([\s\S]*?)(\n```)/gm;

/** The screens by their headings, as lines. */
export function readTour(readme: string): ReadonlyMap<string, readonly string[]> {
  const { tour } = split(readme);
  return new Map([...tour.matchAll(PART)].map(([, heading = '', , screen = '']) => [heading, screen.split('\n')]));
}

/** The same README with these screens under their headings; all else stays to the letter. */
export function writeTour(readme: string, screens: ReadonlyMap<string, string>): string {
  const { before, tour, after } = split(readme);
  const [has, given] = [readTour(readme), screens].map((all) => [...all.keys()].sort().join(', '));
  if (has !== given) throw new Error(`the README's tour has the headings: ${has}; recorded were: ${given}`);
  const next = tour.replace(
    PART,
    (_, heading: string, words: string, _old: string, end: string) =>
      `### ${heading}\n${words}${screens.get(heading)}${end}`,
  );
  return before + next + after;
}

function split(readme: string): { readonly before: string; readonly tour: string; readonly after: string } {
  const from = readme.indexOf(TITLE);
  if (from < 0) throw new Error(`the README has no ${TITLE.trim()}`);
  const next = readme.indexOf('\n## ', from + TITLE.length);
  const to = next < 0 ? readme.length : next;
  return { before: readme.slice(0, from), tour: readme.slice(from, to), after: readme.slice(to) };
}
