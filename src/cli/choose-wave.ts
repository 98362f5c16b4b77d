import { type Fleet, isOpenWave, type Wave } from '../core/fleet.ts';
import { usageProblem } from './command.ts';

/** By its id or the beginning of it; without one, the only wave that is not over. */
export function chooseWave(fleet: Fleet, named: string | undefined): Wave {
  const all = Object.values(fleet.waves);
  const fitting = named === undefined ? all.filter(isOpenWave) : all.filter((wave) => wave.id.startsWith(named));
  const exact = fitting.find((wave) => wave.id === named);
  const [first, second] = exact === undefined ? fitting : [exact];
  const list = fitting.map((wave) => wave.id).join(', ');
  if (first === undefined)
    throw usageProblem(
      named === undefined ? 'no wave is under way' : `there is no wave "${named}": see crashcart wave list`,
    );
  if (second !== undefined) throw usageProblem(`say which wave: ${list}`);
  return first;
}
