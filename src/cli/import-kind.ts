import { parseBareMetalHosts } from '../inventory/parse-bare-metal-hosts.ts';
import { parsePackingList } from '../inventory/parse-packing-list.ts';
import { parseTalosCluster } from '../inventory/parse-talos-cluster.ts';
import type { Imported } from '../inventory/render-machine.ts';

/** What can be imported, by what stands in the file; its name proves nothing. */
export type ImportKind = 'packing list' | 'BareMetalHost' | 'TalosCluster';

const PARSERS: { readonly [K in ImportKind]: (text: string, file: string) => Imported } = {
  'packing list': parsePackingList,
  BareMetalHost: parseBareMetalHosts,
  TalosCluster: parseTalosCluster,
};

/** Undefined: nothing that is known. `kind:` may be quoted, indented in a list, or written as JSON. */
export function guessImportKind(text: string): ImportKind | undefined {
  const kinds = [...text.matchAll(/(?:^|[\s{,])"?kind"?\s*:\s*["']?(\w+)/g)].map((match) => match[1] ?? '');
  if (kinds.some((kind) => kind === 'TalosCluster')) return 'TalosCluster';
  if (kinds.some((kind) => /^BareMetalHost(List)?$/.test(kind))) return 'BareMetalHost';
  const head =
    text
      .replace(/^\ufeff/, '')
      .split('\n')
      .find((line) => line.trim() !== '') ?? '';
  return /[,;\t]/.test(head) && !/^\s*[{[#-]|^\s*[\w.-]+:\s/.test(head) ? 'packing list' : undefined;
}

export const parseImport = (kind: ImportKind, text: string, file: string): Imported => PARSERS[kind](text, file);
