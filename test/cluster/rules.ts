import { browserListing, remembered } from './browser-rules.js'
import { budget, lock, ownBudget, rightCodes, singleUse } from './code-rules.js'
import { deadFactors, listing, names } from './factor-rules.js'
import type { Entry } from './journal.js'
import { age, passage } from './passage-rules.js'
import { recoveredOnce, replaced } from './recovery-rules.js'
import { documented } from './documented.js'

/**
 * What a journal breaks of one promise, a line for each. A rule complains only where no order of the effects,
 * each of them somewhere between question and answer, could explain what was answered.
 */
export type Rule = (journal: readonly Entry[]) => string[]

/** Every promise that a journal can break. */
export const rules: Readonly<Record<string, Rule>> = {
  documented,
  singleUse,
  rightCodes,
  budget,
  lock,
  ownBudget,
  passage,
  age,
  deadFactors,
  listing,
  names,
  recoveredOnce,
  replaced,
  remembered,
  browserListing
}

/** All that a journal breaks. Identities have nothing to do with each other. */
export function complaints (journal: readonly Entry[]): string[] {
  const identities = [...new Set(journal.map(({ identity }) => identity))]
  return identities.flatMap(identity => {
    const own = journal.filter(entry => entry.identity === identity)
    return Object.entries(rules).flatMap(([name, rule]) => rule(own).map(line => `${name}: ${line}`))
  })
}
