/** People who use the second factor alike. */
export interface Group {
  readonly name: string
  /** Of all identities. The shares of all groups add up to 1. */
  readonly share: number
  /** In a year, on average. Each person's own number is half of this to one and a half times this. */
  readonly visits: number
  /** Browsers and apps that one person uses: the least and the most. */
  readonly browsers: readonly [least: number, most: number]
  /** In a year: attacks by a thief of the password, who guesses codes until challenges are disabled. */
  readonly attacks: number
}

/** What doesn't depend on the group. */
export interface Habits {
  /** Guarded requests of one visit. */
  readonly requests: number
  /** Chance that a visit is in the browser that the person mostly uses. */
  readonly mainBrowser: number
  /** Chance that a person's login sessions last for `longSession`. Other people log in for each visit. */
  readonly keepsSession: number
  /** Days that such a login session lasts. */
  readonly longSession: number
  /** Chance that a person logs out at the end of each visit. */
  readonly logsOut: number
  /** Chance that a code is wrong: mistyped, of another account, or too old. */
  readonly wrongCode: number
  /** Chance that a person enrolls a second authenticator app. */
  readonly secondFactor: number
  /** In a year: how often a person loses or replaces a phone. */
  readonly lostPhones: number
  /** In a year: how often a person changes the password, which revokes all approvals. */
  readonly passwordChanges: number
}

/** Who takes part, and how. */
export interface Population {
  readonly groups: readonly Group[]
  readonly habits: Habits
  /** How busy each hour of a day is, beside the others. All are in one time zone: the worst case. */
  readonly hours: readonly number[]
  /** Visits on a day of the weekend, beside those on a working day. */
  readonly weekend: number
}

/** A service of a bank, a shop or an employer. Change it here to see your own. */
export const POPULATION: Population = {
  groups: [
    { name: 'daily', share: 0.15, visits: 330, browsers: [1, 3], attacks: 0 },
    { name: 'weekly', share: 0.3, visits: 60, browsers: [1, 2], attacks: 0 },
    { name: 'monthly', share: 0.3, visits: 14, browsers: [1, 2], attacks: 0 },
    { name: 'rarely', share: 0.15, visits: 3, browsers: [1, 2], attacks: 0 },
    { name: 'never again', share: 0.0985, visits: 0, browsers: [1, 1], attacks: 0 },
    // Help desks, shared accounts, scripts: about forty on a working day.
    { name: 'incessantly', share: 0.001, visits: 10_000, browsers: [4, 8], attacks: 0 },
    { name: 'attacked', share: 0.0005, visits: 60, browsers: [1, 2], attacks: 3 }
  ],
  habits: {
    requests: 40,
    mainBrowser: 0.7,
    keepsSession: 0.4,
    longSession: 30,
    logsOut: 0.2,
    wrongCode: 0.06,
    secondFactor: 0.1,
    lostPhones: 0.04,
    passwordChanges: 0.3
  },
  hours: [
    1, 0.5, 0.5, 0.5, 0.5, 1, 3, 6, 9, 10, 9, 8, 7, 7, 8, 8, 7, 7, 7, 7, 7, 5, 4, 2
  ],
  weekend: 0.4
}
