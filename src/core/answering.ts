/** Who answers at an address of a machine: what is asked there, and above all what is ordered, may reach another one. */
export type Answering =
  | { readonly is: 'itself'; readonly sure: boolean; readonly why: string }
  /** A NIC of it, and names that are not its own. */
  /** `unproven`: nothing on record speaks for it or against it; what it names itself by is not to become its own. */
  | { readonly is: 'doubt'; readonly why: string; readonly unproven?: true }
  | { readonly is: 'another'; readonly why: string };

export const another = (why: string): Answering => ({ is: 'another', why });

/** What is read there is of this machine, or of one that names itself so: that is for a person to compare. */
export const readProblem = (answering: Answering): string | undefined =>
  answering.is === 'another' ? answering.why : undefined;

/** What changes a machine goes to that one alone. */
export const orderProblem = (answering: Answering): string | undefined =>
  answering.is === 'itself' ? undefined : answering.why;

/** What erases: as sure as before every boot that writes. */
export function eraseProblem(answering: Answering): string | undefined {
  if (answering.is !== 'itself') return answering.why;
  return answering.sure ? undefined : `it is not sure which machine answers there: ${answering.why}`;
}
