/** The rules of `docs/own-store.md`, as a failure cites them. */
export const RULES = {
  oneStatement: 'Rule 1 of docs/own-store.md: One statement compares and swaps.',
  falseIsALostRace: 'Rule 4 of docs/own-store.md: Only a lost race is false.',
  keysAreBytes: 'Rule 5 of docs/own-store.md: Keys are compared byte by byte.',
  everyWriteIsSeen: 'Rule 6 of docs/own-store.md: get sees every write that has resolved.',
  everythingFits: 'Rule 7 of docs/own-store.md: It takes what we write.',
  documentsAreCopies: 'Rule 8 of docs/own-store.md: Documents are copied in and out.',
  listIsComplete: 'Rule 9 of docs/own-store.md: list returns every key once, in a fixed order.'
} as const

export type Rule = typeof RULES[keyof typeof RULES]
