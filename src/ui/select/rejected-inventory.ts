import type { Fleet } from '../../core/fleet.ts';
import type { Problem } from '../../core/spec.ts';

/** Errors of the files as they are now; the inventory in use is an older one then. */
export const rejectedBy = ({ inventory }: Fleet): readonly Problem[] =>
  inventory.problems.some(isError) ? inventory.problems.filter(isError) : NONE;

/** As editors and compilers write it, so that it can be jumped to. */
export const renderPlace = ({ file, line, column }: Problem): string => `${file}:${line}:${column}`;

const isError = ({ severity }: Problem): boolean => severity === 'error';

const NONE: readonly Problem[] = [];
