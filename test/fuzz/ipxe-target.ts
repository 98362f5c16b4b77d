import { decideScript, renderScript } from '../../src/netboot/answer-script.ts';
import { createIpxeMachine, type IpxeInput } from '../../src/protocols/ipxe/ipxe-machine.ts';
import { parseIpxe } from '../../src/protocols/ipxe/parse-ipxe.ts';
import { stepIpxe } from '../../src/protocols/ipxe/step-ipxe.ts';
import { ALL_LOADERS, arm, createTestEngine, nodeSpec } from '../netboot/boot-fixture.ts';
import { type FuzzTarget, must } from './fuzz-target.ts';

const MAC = '52:54:00:00:00:01';
const SETTINGS: ReadonlyMap<string, string> = new Map([
  ['net0/mac', MAC],
  ['net0/ip', '10.77.0.50'],
  ['uuid', '56d96de7-4f69-4562-98b5-525400000001'],
  ['serial', 'SN-n1'],
  ['platform', 'efi'],
  ['buildarch', 'x86_64'],
]);
const STEPS_MAX = 2_000;
const TEXT_MAX = 1024 * 1024;

const SCRIPTS = [
  `#!ipxe\n:again\nset n:int32 0\ninc n\niseq \${n} 5 && goto out || goto again\n:out\nexit 1\n`,
  `#!ipxe\nisset \${net0/mac} || shell\necho \${serial:hexhyp} \${mac:hex} \${n:uristring}\nsleep 3\n`,
  `#!ipxe\nset a \${b}\${b}\nset b \${a}\${a}\${a}\ngoto x\n:x\nset b \${b}\${b}\${b}\ngoto x\n`,
  `#!ipxe\nkernel --name k http://h/vmlinuz a=\${uuid} \\\n b\ninitrd --name i http://h/i\nboot k || reboot\n`,
  `#!ipxe\nchain --replace --autofree http://h/s?m=\${mac} || sanboot --no-describe --drive 0x80\nifopen net0 && dhcp\n`,
];

/** Scripts through the interpreter of the simulation, which tests of our own scripts trust: it must end, and stay small. */
export const ipxeTarget: FuzzTarget = {
  name: 'ipxe',
  oneIn: 8,
  seeds: () => {
    const engine = createTestEngine([nodeSpec('n1', MAC)]);
    const view = {
      fleet: engine.fleet(),
      at: engine.now(),
      rendered: arm(engine, 'n1', 'install'),
      artefacts: ALL_LOADERS,
    };
    const query = new URLSearchParams({ mac: MAC, serial: 'SN-n1', platform: 'efi' });
    const own = renderScript(
      view,
      decideScript(view, new Map([...query]), '10.77.0.50'),
      'http://10.77.0.1',
      'a'.repeat(32),
    );
    return [...SCRIPTS, ...(own.ok ? [own.value] : [])].map((text) => Buffer.from(text));
  },
  open: () => (bytes) => {
    const program = parseIpxe(Buffer.from(bytes).toString('latin1'));
    if (!program.ok) return;
    let machine = createIpxeMachine(program.value, SETTINGS);
    let input: IpxeInput = { kind: 'start' };
    for (let step = 0; step < STEPS_MAX; step += 1) {
      const [next, action] = stepIpxe(machine, input);
      machine = next;
      if (action.kind === 'exit') return;
      must(JSON.stringify(action).length < TEXT_MAX, `an action of ${JSON.stringify(action).length} characters`);
      // The bytes of the script say how each step went.
      const went = bytes[step % bytes.length] ?? 0;
      input = went % 3 === 0 ? { kind: 'failed', reason: 'no answer' } : { kind: 'done' };
    }
    const chars = [...machine.settings].reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    must(chars < 8 * TEXT_MAX, `settings of ${chars} characters`);
  },
};
