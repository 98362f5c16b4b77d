import type { BigIntStats } from 'node:fs';

/** Which file was read and found to have its hash, and in which state. */
export type FileProof = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs'>;

export const proofOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileProof => ({
  dev,
  ino,
  size,
  mtimeNs,
  ctimeNs,
});

/** `touched`: a name or a right of it is another, and its bytes are what they were unless somebody hides a change. */
export function changeOf(now: FileProof, proof: FileProof): 'none' | 'touched' | 'changed' {
  if (now.dev !== proof.dev || now.ino !== proof.ino) return 'changed';
  if (now.ctimeNs === proof.ctimeNs) return 'none';
  return now.mtimeNs === proof.mtimeNs && now.size === proof.size ? 'touched' : 'changed';
}
