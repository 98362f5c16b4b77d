import { REBOOT_COMMANDS } from '../../talos/talos-event.ts';
import type { BootEnd } from '../machine/sim-host.ts';
import { phase, type TalosBoot } from './talos-boot.ts';

/** The end of a boot as Talos tells it: REBOOTING, RestartEvent, and a sequence that "fails" in the reboot it was for. */
export async function reboot(
  boot: TalosBoot,
  sequence: 'install' | 'reboot',
  how: 'kexec' | 'firmware',
): Promise<BootEnd> {
  const { voice, run } = boot;
  const inner = sequence === 'install' ? ['volumeFinalize', 'stopEverything'] : ['cleanup', 'stopServices', 'umount'];
  const names = how === 'kexec' ? [...inner, 'kexec'] : inner;
  for (const [i, name] of names.entries()) await phase(boot, name, [i + 1, names.length + 1]);
  voice.stage('rebooting', true);
  if (sequence === 'install') voice.event({ type: 'sequence', sequence: 'reboot', action: 'start' });
  voice.event({ type: 'phase', phase: 'reboot', action: 'start' });
  const cmd = how === 'kexec' ? REBOOT_COMMANDS.kexec : REBOOT_COMMANDS.restart;
  voice.event({ type: 'restart', cmd });
  const message = `sequence failed: error running phase reboot: unix.Reboot(${cmd.toString(16)})`;
  voice.event({ type: 'sequence', sequence: 'reboot', action: 'noop', error: { code: 'fatal', message } });
  voice.log(how === 'kexec' ? 'prepared kexec environment' : 'kexec skipped as firmware reboot was asked for');
  await voice.drain();
  await run.sleep(500);
  voice.close();
  return how === 'kexec' ? { is: 'kexec' } : { is: 'reset' };
}

/** A fatal error: the message, ten seconds to read it on the console, and a real reset. */
export async function failSequence(boot: TalosBoot, sequence: string, message: string): Promise<BootEnd> {
  const { voice, run } = boot;
  const text = `sequence failed: ${message}`;
  voice.event({ type: 'sequence', sequence, action: 'noop', error: { code: 'fatal', message: text } });
  voice.log(text, 'error');
  voice.log('rebooting in 10 seconds', 'warn');
  await run.sleep(10_000);
  voice.stage('rebooting', true);
  voice.event({ type: 'restart', cmd: REBOOT_COMMANDS.restart });
  await voice.drain();
  voice.close();
  return { is: 'reset' };
}
