/** Who stands in the audit where nobody ordered it: the program marks what it lets happen once. */
export const ENGINE = { who: 'crashcart', from: 'engine' } as const;
