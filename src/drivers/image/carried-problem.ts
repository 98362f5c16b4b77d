import { open } from 'node:fs/promises';
import { whyNoBakedCmdline, whyNoCmdline } from '../../core/reserved-argument.ts';
import { whyNotEmbedded } from '../../talos/embedded-config.ts';
import { type ByteRange, readAt } from './byte-range.ts';
import { embeddedConfigs } from './embedded-configs.ts';
import { defaultProfile, peSections } from './pe-sections.ts';

/** A kernel takes 2 kB of it. */
const CMDLINE_MAX_BYTES = 64 * 1024;

const ADVICE =
  "take it out of the image (embeddedMachineConfiguration, if it is the factory's): here each machine is given its own";

/**
 * Machines that nobody armed boot with an image too: what only an armed one may have never comes with it. What kind of
 * image it is, its bytes say: a name proves nothing.
 */
export async function carriedProblem(kind: string, path: string): Promise<string | undefined> {
  if (kind === 'loader') return undefined;
  const handle = await open(path, 'r');
  try {
    const file: ByteRange = { handle, start: 0, end: (await handle.stat()).size };
    return kind === 'cmdline' ? await lineProblem(file, whyNoCmdline) : await imageProblem(file);
  } finally {
    await handle.close();
  }
}

async function imageProblem(file: ByteRange): Promise<string | undefined> {
  const sections = await peSections(file);
  for (const { name, range } of defaultProfile(sections)) {
    const problem =
      name === '.cmdline'
        ? await lineProblem(range, whyNoBakedCmdline)
        : name === '.initrd'
          ? await initramfsProblem(range)
          : undefined;
    if (problem !== undefined) return problem;
  }
  return sections.length > 0 ? undefined : initramfsProblem(file);
}

async function lineProblem(range: ByteRange, why: (text: string) => string | undefined): Promise<string | undefined> {
  const sizeBytes = range.end - range.start;
  if (sizeBytes > CMDLINE_MAX_BYTES)
    return `it has ${sizeBytes} bytes, and a kernel takes no command line of that length`;
  return why((await readAt(range, 0, sizeBytes)).toString('latin1'));
}

async function initramfsProblem(range: ByteRange): Promise<string | undefined> {
  const configs = await embeddedConfigs(range);
  if (!configs.ok) return configs.error;
  for (const config of configs.value) {
    const why = config === undefined ? 'a machine configuration comes with it that cannot be read' : embedded(config);
    if (why !== undefined) return `${why}: ${ADVICE}`;
  }
  return undefined;
}

function embedded(config: string): string | undefined {
  const why = whyNotEmbedded(config);
  return why === undefined ? undefined : `a machine configuration comes with it, and ${why}`;
}
