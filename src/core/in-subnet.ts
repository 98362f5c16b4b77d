/** As texts, for the few times that the state has to compare them: packets are decided with numbers. */

const numberOf = (address: string): number => address.split('.').reduce((value, part) => value * 256 + Number(part), 0);

/** Is `10.9.1.7` of `10.9.1.0/24`? */
export function isInSubnet(address: string, subnet: string): boolean {
  const [first = '', bits = '32'] = subnet.split('/');
  const size = 2 ** (32 - Number(bits));
  return Math.floor(numberOf(address) / size) === Math.floor(numberOf(first) / size);
}
