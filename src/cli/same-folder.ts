import { realpathSync } from 'node:fs';

export const isSameFolder = (one: string, other: string): boolean => one === other || realPath(one) === realPath(other);

/** A folder that is gone for a moment is known by its name. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
