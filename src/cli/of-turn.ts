/**
 * Which of several functions of one kind serves this time. Of those that take turns V8 believes of none that it is the only
 * one, and what it compiled stays good where the real server brings another.
 */
export const ofTurn = <T>(kinds: readonly [T, ...T[]], turn: number): T => kinds[turn % kinds.length] ?? kinds[0];
