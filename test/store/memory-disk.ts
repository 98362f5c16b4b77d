import { basename, dirname } from 'node:path';
import type { DiskFile, DiskPort, OpenMode } from '../../src/store/disk-port.ts';

/** A disk that can be full, fail and lose power: what was not synced is then applied, torn or forgotten at random. */

type Operation = 'open' | 'write' | 'datasync' | 'truncate' | 'rename' | 'remove' | 'syncFolder' | 'list';

interface Inode {
  live: Buffer;
  synced: Buffer;
  pending: (
    | { readonly kind: 'write'; readonly at: number; readonly bytes: Buffer }
    | { readonly kind: 'cut'; readonly size: number }
  )[];
}

export interface MemoryDisk extends DiskPort {
  capacityBytes: number;
  /** Asked before each operation: an errno lets it fail. */
  fault: (operation: Operation, path: string) => string | undefined;
  readonly counts: Map<Operation, number>;
  crash(random: () => number): void;
  bytesOf(path: string): Buffer | undefined;
  put(path: string, bytes: Buffer): void;
  names(): readonly string[];
}

const errno = (code: string): Error => Object.assign(new Error(code), { code });

function applyTo(content: Buffer, op: Inode['pending'][number]): Buffer {
  if (op.kind === 'cut') {
    const cut = Buffer.alloc(op.size);
    content.copy(cut, 0, 0, op.size);
    return cut;
  }
  const grown = Buffer.alloc(Math.max(content.length, op.at + op.bytes.length));
  content.copy(grown);
  op.bytes.copy(grown, op.at);
  return grown;
}

export function createMemoryDisk(): MemoryDisk {
  let live = new Map<string, Inode>();
  let synced = new Map<string, Inode>();
  /** Changes of names in their order, as a journalling file system keeps them. */
  let nameChanges: ((names: Map<string, Inode>) => void)[] = [];
  const counts = new Map<Operation, number>();
  const used = (): number => [...live.values()].reduce((sum, inode) => sum + inode.live.length, 0);

  const check = (operation: Operation, path: string): void => {
    counts.set(operation, (counts.get(operation) ?? 0) + 1);
    const code = disk.fault(operation, path);
    if (code !== undefined) throw errno(code);
  };
  const change = (apply: (names: Map<string, Inode>) => void): void => {
    apply(live);
    nameChanges.push(apply);
  };
  const run = (inode: Inode, op: Inode['pending'][number]): void => {
    inode.live = applyTo(inode.live, op);
    inode.pending.push(op);
  };

  const open = async (path: string, mode: OpenMode, writes?: 'synced'): Promise<DiskFile> => {
    await tick();
    check('open', path);
    let inode = live.get(path);
    if (inode !== undefined && mode === 'create') throw errno('EEXIST');
    if (inode === undefined) {
      if (mode === 'read' || mode === 'edit') throw errno('ENOENT');
      const fresh: Inode = { live: Buffer.alloc(0), synced: Buffer.alloc(0), pending: [] };
      inode = fresh;
      change((names) => names.set(path, fresh));
    } else if (mode === 'replace') {
      run(inode, { kind: 'cut', size: 0 });
    }
    const file = openFile(path, inode);
    if (writes === undefined) return file;
    // Between its write and its sync the power may go as well.
    const write: DiskFile['write'] = async (bytes, position) => {
      const taken = await file.write(bytes, position);
      await file.datasync();
      return taken;
    };
    return { ...file, write };
  };

  const openFile = (path: string, inode: Inode): DiskFile => ({
    async write(bytes, position) {
      await tick();
      check('write', path);
      const room = disk.capacityBytes - used() + Math.max(0, inode.live.length - position);
      if (room <= 0) throw errno('ENOSPC');
      const part = Buffer.from(bytes.subarray(0, room));
      run(inode, { kind: 'write', at: position, bytes: part });
      return part.length;
    },
    async read(into, position) {
      return inode.live.copy(into, 0, position);
    },
    sizeBytes: async () => inode.live.length,
    isAt: async (name) => live.get(name) === inode,
    async datasync() {
      await tick();
      check('datasync', path);
      inode.synced = inode.live;
      inode.pending = [];
    },
    async truncate(size) {
      check('truncate', path);
      run(inode, { kind: 'cut', size });
    },
    close: async () => undefined,
  });

  const disk: MemoryDisk = {
    capacityBytes: Number.POSITIVE_INFINITY,
    fault: () => undefined,
    counts,
    makeFolder: async () => undefined,
    async list(folder) {
      check('list', folder);
      return [...live.keys()].filter((path) => dirname(path) === folder).map((path) => basename(path));
    },
    open,
    async rename(from, to) {
      check('rename', from);
      const inode = live.get(from);
      if (inode === undefined) throw errno('ENOENT');
      change((names) => {
        names.delete(from);
        names.set(to, inode);
      });
    },
    async remove(path) {
      check('remove', path);
      if (!live.has(path)) throw errno('ENOENT');
      change((names) => names.delete(path));
    },
    async syncFolder(path) {
      await tick();
      check('syncFolder', path);
      for (const apply of nameChanges) apply(synced);
      nameChanges = [];
    },
    crash(random) {
      const kept = Math.floor(random() * (nameChanges.length + 1));
      for (const apply of nameChanges.slice(0, kept)) apply(synced);
      nameChanges = [];
      for (const inode of new Set([...synced.values()])) loseSome(inode, random);
      live = new Map(synced);
      synced = new Map(live);
    },
    bytesOf: (path) => live.get(path)?.live,
    put(path, bytes) {
      const inode: Inode = { live: bytes, synced: bytes, pending: [] };
      live.set(path, inode);
      synced.set(path, inode);
    },
    names: () => [...live.keys()].sort(),
  };
  return disk;
}

/** Each unsynced write survives whole, in part, or not at all, whatever became of the others. */
function loseSome(inode: Inode, random: () => number): void {
  let content = inode.synced;
  for (const op of inode.pending) {
    const fate = random();
    if (fate < 0.3) continue;
    if (op.kind === 'cut' || fate < 0.6) content = applyTo(content, op);
    else if (fate < 0.8)
      content = applyTo(content, { ...op, bytes: op.bytes.subarray(0, Math.floor(random() * op.bytes.length)) });
    else {
      // The tail reached the disk and the head did not: the hole reads as zeros.
      const skip = Math.floor(random() * op.bytes.length);
      content = applyTo(content, { kind: 'write', at: op.at + skip, bytes: op.bytes.subarray(skip) });
    }
  }
  inode.live = content;
  inode.synced = content;
  inode.pending = [];
}

/** A disk answers later, so that appends can come in between. */
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
