import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Dispatcher } from 'undici';
import { cleanText } from '../../core/clean-text.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import type { Arch } from '../../core/spec.ts';
import { parseTalosVersion } from '../../talos/talos-version.ts';
import { VANILLA_SCHEMATIC } from '../vault/artefact-name.ts';
import { isRecord, saveAtomically } from '../vault/vault-index.ts';
import { requestText } from './request-text.ts';
import { type Customization, renderSchematic, schematicIdOf } from './schematic.ts';

export interface Extension {
  readonly name: string;
  readonly ref: string;
  readonly author: string;
  readonly description: string;
}

export interface ImageFactory {
  readonly baseUrl: string;
  /** The id for these extensions and arguments. Plain Talos and what was asked before need no network. */
  readonly schematicId: (wish: Customization, signal?: AbortSignal) => Promise<Result<string>>;
  /** The same, of what was asked before alone. */
  readonly knownSchematicId: (wish: Customization) => Promise<Result<string>>;
  /** Newest first; pre-releases included. */
  readonly versions: (signal?: AbortSignal) => Promise<Result<readonly string[]>>;
  readonly extensions: (version: string, signal?: AbortSignal) => Promise<Result<readonly Extension[]>>;
  readonly cmdline: (schematic: string, version: string, arch: Arch, signal?: AbortSignal) => Promise<Result<string>>;
}

export interface FactoryOptions {
  /** `https://factory.talos.dev`, or one's own. */
  readonly baseUrl: string;
  readonly dispatcher: Dispatcher;
  /** JSON file with the ids that were asked for; absent: in memory. */
  readonly cacheFile?: string;
  readonly timeoutMs?: number;
}

export function openFactory(options: FactoryOptions): ImageFactory {
  const { dispatcher, timeoutMs = 60_000 } = options;
  const baseUrl = options.baseUrl.replace(/\/+$/, '');
  const cache = createCache(options.cacheFile);
  const get = (path: string, signal: AbortSignal | undefined, body?: string) =>
    requestText({
      dispatcher,
      url: `${baseUrl}${path}`,
      timeoutMs,
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
  const forVersion = async (version: string, path: (tag: string) => string, signal?: AbortSignal) => {
    const parsed = parseTalosVersion(version);
    return parsed.ok ? get(path(parsed.value.tag), signal) : parsed;
  };
  const remembered = async (text: string): Promise<{ readonly key: string; readonly id: string | undefined }> => {
    const expected = schematicIdOf(text);
    const key = `${baseUrl} ${expected}`;
    return { key, id: expected === VANILLA_SCHEMATIC ? VANILLA_SCHEMATIC : await cache.get(key) };
  };
  return {
    baseUrl,
    async schematicId(wish, signal) {
      const text = renderSchematic(wish);
      if (!text.ok) return text;
      const known = await remembered(text.value);
      if (known.id !== undefined) return ok(known.id);
      const answer = await get('/schematics', signal, text.value);
      const id = answer.ok ? parseSchematicAnswer(answer.value) : answer;
      if (id.ok) await cache.put(known.key, id.value);
      return id;
    },
    async knownSchematicId(wish) {
      const text = renderSchematic(wish);
      if (!text.ok) return text;
      const { id } = await remembered(text.value);
      if (id !== undefined) return ok(id);
      return fail(`the schematic id of ${describe(wish)} was never asked of ${baseUrl}: crashcart images pull`);
    },
    async versions(signal) {
      const answer = await get('/versions', signal);
      return answer.ok ? parseVersions(answer.value) : answer;
    },
    async extensions(version, signal) {
      const answer = await forVersion(version, (tag) => `/version/${tag}/extensions/official`, signal);
      return answer.ok ? parseExtensions(answer.value) : answer;
    },
    async cmdline(schematic, version, arch, signal) {
      const answer = await forVersion(version, (tag) => `/image/${schematic}/${tag}/cmdline-metal-${arch}`, signal);
      if (!answer.ok || answer.value.includes('talos.platform=')) return answer;
      return fail('the answer of the image factory is no kernel command line');
    },
  };
}

function describe({ extensions = [], kernelArgs = [], meta = [], overlay }: Customization): string {
  const parts = [
    ...(extensions.length === 0 ? [] : [`its extensions (${extensions.join(', ')})`]),
    ...(kernelArgs.length === 0 ? [] : [`its arguments (${kernelArgs.join(' ')})`]),
    ...(meta.length === 0 ? [] : ['its meta values']),
    ...(overlay === undefined ? [] : [`its overlay (${overlay.name})`]),
  ];
  return parts.length === 0 ? 'plain Talos' : parts.join(' and ');
}

function parseSchematicAnswer(text: string): Result<string> {
  const value = parseJson(text);
  const id = isRecord(value) ? value.id : undefined;
  if (typeof id !== 'string' || !/^[0-9a-f]{64}$/.test(id))
    return fail('the image factory answered without a schematic id');
  const said = isRecord(value) ? value.schematic : undefined;
  // Newer factories send what they hashed: a proxy in between cannot make up an id.
  if (typeof said === 'string' && schematicIdOf(said) !== id)
    return fail('the schematic id does not match its own text');
  return ok(id);
}

function parseVersions(text: string): Result<readonly string[]> {
  const value = parseJson(text);
  if (!Array.isArray(value)) return fail('the image factory answered without a list of versions');
  const versions = value.flatMap((one) => {
    const parsed = typeof one === 'string' ? parseTalosVersion(one) : undefined;
    return parsed?.ok === true ? [parsed.value] : [];
  });
  // A release comes after its own pre-releases.
  const rank = (pre: string | undefined) => pre ?? 'zzz';
  versions.sort(
    (a, b) =>
      b.major - a.major ||
      b.minor - a.minor ||
      b.patch - a.patch ||
      rank(b.pre).localeCompare(rank(a.pre), 'en', { numeric: true }),
  );
  return ok(versions.map((one) => one.tag));
}

function parseExtensions(text: string): Result<readonly Extension[]> {
  const value = parseJson(text);
  if (!Array.isArray(value)) return fail('the image factory answered without a list of extensions');
  const field = (one: Readonly<Record<string, unknown>>, name: string) =>
    typeof one[name] === 'string' ? cleanText(one[name], 300) : '';
  return ok(
    value.filter(isRecord).map((one) => ({
      name: field(one, 'name'),
      ref: field(one, 'ref'),
      author: field(one, 'author'),
      description: field(one, 'description'),
    })),
  );
}

/** A cache that cannot be read or written costs a request, no more. */
function createCache(file: string | undefined) {
  let ids: Map<string, string> | undefined;
  const load = async (): Promise<Map<string, string>> => {
    if (ids !== undefined) return ids;
    const text = file === undefined ? undefined : await readFile(file, 'utf8').catch(() => undefined);
    const value = text === undefined ? undefined : parseJson(text);
    const entries = isRecord(value) ? Object.entries(value) : [];
    ids = new Map(entries.filter((entry): entry is [string, string] => /^[0-9a-f]{64}$/.test(String(entry[1]))));
    return ids;
  };
  return {
    get: async (key: string) => (await load()).get(key),
    async put(key: string, id: string) {
      const known = await load();
      known.set(key, id);
      if (file === undefined) return;
      await mkdir(dirname(file), { recursive: true })
        .then(() => saveAtomically(file, `${JSON.stringify(Object.fromEntries(known), null, 2)}\n`))
        .catch(() => undefined);
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
