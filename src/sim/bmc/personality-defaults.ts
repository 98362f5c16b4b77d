/** What most families have in common. Times are simulated seconds. */
export const simTimes = { powerS: 2, postS: 120, shutdownS: 20, answerS: 0.02 };

export const usualResets: readonly string[] = [
  'On',
  'ForceOff',
  'GracefulShutdown',
  'GracefulRestart',
  'ForceRestart',
  'Nmi',
  'PushPowerButton',
];
