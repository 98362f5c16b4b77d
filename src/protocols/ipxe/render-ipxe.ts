import { fail, ok, type Result, unreachable } from '../../core/result.ts';
import { renderName, renderUrl, renderWord, renderWords, softenText } from './ipxe-literal.ts';
import type { IpxeDhcp, IpxeFetch, IpxeStep, IpxeText } from './ipxe-step.ts';

/** Joins what was rendered; the first refusal wins. */
function words(...parts: readonly (Result<string> | string)[]): Result<string> {
  const texts: string[] = [];
  for (const part of parts) {
    if (typeof part === 'string') texts.push(part);
    else if (part.ok) texts.push(part.value);
    else return part;
  }
  return ok(texts.filter((text) => text !== '').join(' '));
}

function renderNamed(command: string, url: IpxeText, name: string | undefined): Result<string> {
  const option = name === undefined ? '' : words('--name', renderName(`the name of the ${command}`, name));
  return words(command, option, renderUrl(`the URL of the ${command}`, url));
}

function renderDevice(command: string, device: string | undefined): Result<string> {
  return words(command, device === undefined ? '' : renderName('the device', device));
}

function renderFetch(step: IpxeFetch | IpxeDhcp): Result<string> {
  switch (step.do) {
    case 'kernel':
      return words(
        renderNamed('kernel', step.url, step.name),
        ...step.args.map((arg) => renderWords('a kernel argument', arg)),
      );
    case 'initrd':
    case 'imgfetch':
      return renderNamed(step.do, step.url, step.name);
    case 'chain':
      return words(
        'chain',
        step.autofree === true ? '--autofree' : '',
        step.replace === true ? '--replace' : '',
        renderUrl('the URL of the chain', step.url),
      );
    case 'dhcp':
      return renderDevice('dhcp', step.device);
    default:
      return unreachable(step);
  }
}

function orElse(command: Result<string>, label: string | undefined): Result<string> {
  return label === undefined ? command : words(command, '|| goto', renderName('the label', label));
}

function isCount(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

/** The lone `||` at a line's end makes a failure a success: iPXE runs an empty command. */
function renderRetry(step: IpxeStep & { readonly do: 'retry' }): Result<string> {
  const name = renderName('the name of the retry', step.name);
  const command = renderFetch(step.step);
  if (!name.ok) return name;
  if (!command.ok) return command;
  if (!step.waitsSeconds.every((seconds) => isCount(seconds, 3600))) return fail('a wait is no number of seconds');
  const left = `${name.value}_left`;
  const again = `${name.value}_again`;
  const done = `${name.value}_done`;
  const total = step.waitsSeconds.length;
  const waits = step.waitsSeconds.map(
    (seconds, i) =>
      `iseq \${${left}} ${total - i} && set ${left} ${total - i - 1} && echo ${name.value}: next try in ${seconds} s && sleep ${seconds} && goto ${again} ||`,
  );
  const giveUp = step.orElse === undefined ? ok('exit 1') : words('goto', renderName('the label', step.orElse));
  if (!giveUp.ok) return giveUp;
  const tail = [`${command.value} && goto ${done} ||`, ...waits, giveUp.value, `:${done}`];
  return ok([`set ${left} ${total}`, `:${again}`, ...tail].join('\n'));
}

function renderCondition(step: IpxeStep & { readonly do: 'gotoIf' }): Result<string> {
  const compare = words('iseq', renderWord('the left side', step.left), renderWord('the right side', step.right));
  const jump = words('goto', renderName('the label', step.label));
  return step.is === '==' ? words(compare, '&&', jump, '||') : words(compare, '||', jump);
}

function renderStep(step: IpxeStep): Result<string> {
  switch (step.do) {
    case 'comment':
      return ok(`# ${softenText(step.text)}`);
    case 'echo':
      return words('echo', typeof step.text === 'string' ? softenText(step.text) : renderWords('the text', step.text));
    case 'set':
      return words('set', renderName('the variable', step.name), renderWords('the value', step.value));
    case 'clear':
      return words('clear', renderName('the variable', step.name));
    case 'label': {
      const name = renderName('the label', step.name);
      return name.ok ? ok(`:${name.value}`) : name;
    }
    case 'goto':
      return words('goto', renderName('the label', step.label));
    case 'gotoIf':
      return renderCondition(step);
    case 'gotoIfSet':
      return words(`isset \${${step.setting}} && goto`, renderName('the label', step.label), '||');
    case 'ifopen':
      return orElse(renderDevice('ifopen', step.device), step.orElse);
    case 'kernel':
    case 'initrd':
    case 'imgfetch':
    case 'chain':
    case 'dhcp':
      return orElse(renderFetch(step), step.orElse);
    case 'retry':
      return renderRetry(step);
    case 'boot':
      return orElse(ok('boot'), step.orElse);
    case 'sanboot':
      if (!isCount(step.drive, 255)) return fail('the drive is no BIOS drive number');
      return orElse(ok(`sanboot --no-describe --drive 0x${step.drive.toString(16)}`), step.orElse);
    case 'exit':
      return isCount(step.status, 255) ? ok(`exit ${step.status}`) : fail('the exit status is no number to 255');
    case 'sleep':
      return isCount(step.seconds, 3600) ? ok(`sleep ${step.seconds}`) : fail('the wait is no number of seconds');
    case 'imgfree':
    case 'reboot':
    case 'shell':
      return ok(step.do);
    default:
      return unreachable(step);
  }
}

/** Labels that are gone to must be there once: iPXE would end the script with "No such label" on the machine. */
function checkLabels(script: string): string | undefined {
  const labels = [...script.matchAll(/^:(\S+)$/gm)].map((match) => match[1] ?? '');
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice !== undefined) return `the label ${twice} is there twice`;
  const commands = script.split('\n').filter((line) => !line.startsWith('#') && !line.startsWith('echo '));
  for (const [, label = ''] of commands.join('\n').matchAll(/(?:^|(?:\|\||&&) )goto (\S+)/gm)) {
    if (!labels.includes(label)) return `there is no label ${label}`;
  }
  return undefined;
}

/** A script that does exactly these steps, whatever their values hold; or why one of them cannot be written. */
export function renderIpxe(steps: readonly IpxeStep[]): Result<string> {
  const lines = ['#!ipxe'];
  for (const [i, step] of steps.entries()) {
    const line = renderStep(step);
    if (!line.ok) return fail(`iPXE step ${i + 1} (${step.do}): ${line.error}`);
    lines.push(line.value);
  }
  const script = `${lines.join('\n')}\n`;
  const wrong = checkLabels(script);
  return wrong === undefined ? ok(script) : fail(`iPXE script: ${wrong}`);
}
