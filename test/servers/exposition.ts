/** The Prometheus text format (0.0.4), read as strictly as its description: what a scraper would refuse throws. */
export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string | undefined;
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];
const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** What the samples of a family may be called beside its own name. */
const ENDINGS: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

interface Open {
  name: string;
  type: string;
  help: string | undefined;
  samples: Sample[];
}

export function parseExposition(text: string): readonly Family[] {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, Open>();
  const series = new Set<string>();
  let open: Open | undefined;
  for (const [index, line] of text.slice(0, -1).split('\n').entries()) {
    const bad = (why: string): never => {
      throw new Error(`line ${index + 1}: ${why}: ${line}`);
    };
    if (line.trim() === '') continue;
    const about = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line);
    if (about !== null) {
      const [, what, name = '', rest = ''] = about;
      if (!METRIC.test(name)) bad('no name of a metric');
      if (open?.name !== name) {
        if (families.has(name)) bad('the lines of a metric do not stand together');
        open = { name, type: 'untyped', help: undefined, samples: [] };
        families.set(name, open);
      }
      if (open.samples.length > 0) bad('said after its samples');
      if (what === 'HELP') {
        if (open.help !== undefined) bad('a second HELP');
        if (/\\(?![\\n])/.test(rest)) bad('an escape that is none');
        open.help = rest;
      } else {
        if (!TYPES.includes(rest)) bad('no type');
        open.type = rest;
      }
      continue;
    }
    if (line.startsWith('#')) continue;
    const sample = parseSample(line) ?? bad('no sample');
    const key = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (series.has(key)) bad('this series stands here twice');
    series.add(key);
    const family: string = open?.name ?? '';
    const endings = ENDINGS[open?.type ?? ''] ?? [''];
    if (open === undefined || !endings.some((ending) => sample.name === `${family}${ending}`))
      return bad('a sample of no metric that was described');
    open.samples.push(sample);
  }
  return [...families.values()];
}

function parseSample(line: string): Sample | undefined {
  const [, name = '', , inner = '', rest = ''] =
    /^([^\s{]+)(\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?\s+(.+)$/.exec(line) ?? [];
  if (!METRIC.test(name)) return undefined;
  const labels: Record<string, string> = {};
  let left = inner;
  while (left !== '') {
    const [all = '', label = '', value = ''] = /^([^=]+)="((?:[^"\\]|\\[\\n"])*)"(?:,|$)/.exec(left) ?? [];
    if (all === '' || !LABEL.test(label) || label in labels) return undefined;
    labels[label] = value;
    left = left.slice(all.length);
  }
  const [number = '', time, ...more] = rest.split(/\s+/);
  const value = parseNumber(number);
  if (value === undefined || more.length > 0 || (time !== undefined && !/^-?\d+$/.test(time))) return undefined;
  return { name, labels, value };
}

function parseNumber(text: string): number | undefined {
  if (/^[+-]?Inf$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (text === 'NaN') return Number.NaN;
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}
