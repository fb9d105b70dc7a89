/*
 * The texts of the pages. Where a text is a function, it is given what it shows as text that is formatted
 * already: a name, a number, a date ("3 May 2026") or a duration ("30 seconds"). No text is HTML.
 */

/**
 * A text for each plural category of the language, by the names of `Intl.PluralRules`. `other` stands for
 * the categories that aren't given.
 */
export type Plural =
  { readonly other: (count: string) => string } &
  { readonly [category in 'zero' | 'one' | 'two' | 'few' | 'many']?: (count: string) => string }

/** The texts of the pages in one language. */
export interface Words {
  /** How the language is written. */
  readonly direction: 'ltr' | 'rtl'
  /** Around every page. */
  readonly frame: {
    readonly account: (name: string) => string
    /** The link that leaves the pages. */
    readonly leave: (brand: string) => string
    /** The link to the page of the user's apps. */
    readonly manage: string
    /** The title of a page that has a problem to tell. */
    readonly problemTitle: (title: string) => string
    /** A browser on a system, such as Firefox on Linux. */
    readonly browser: (browser: string, system: string) => string
    readonly copied: string
  }
  /** What the page before has done. */
  readonly notices: {
    readonly verified: string
    readonly renamed: string
    readonly removed: string
    readonly recovered: string
    readonly kept: string
    /** The form that creates recovery codes came a second time, as after a reload. */
    readonly codesTwice: string
    readonly forgotten: string
    readonly forgottenAll: string
  }
  /** The field for a code of an app. */
  readonly code: {
    readonly label: string
    /** How long a code is: "6", or "6 or 8". */
    readonly hint: (lengths: string) => string
    readonly denied: string
    readonly malformed: (lengths: string) => string
    /** The phone's clock is ahead. */
    readonly ahead: (time: string) => string
    /** The phone's clock is behind. */
    readonly behind: (time: string) => string
  }
  /** The field for a recovery code. */
  readonly recoveryCode: {
    readonly label: string
    readonly hint: string
    readonly denied: string
    readonly malformed: string
  }
  /** The user's apps, recovery codes and browsers. */
  readonly manage: {
    readonly title: string
    readonly unprotected: string
    readonly setUp: string
    /** Before a code was typed, the page shows little. */
    readonly unapproved: string
    readonly enterCode: string
    readonly apps: string
    readonly added: (date: string) => string
    readonly lastUsed: (date: string) => string
    readonly neverUsed: string
    /** Followed by the app's name for those who hear the page. */
    readonly rename: string
    readonly name: string
    readonly saveName: string
    readonly refusedName: string
    /** Followed by the app's name for those who hear the page. */
    readonly remove: string
    /** There is another app. */
    readonly removing: string
    /** It is the last app. */
    readonly removingLast: string
    /** The recovery codes go with it. */
    readonly removingCodes: string
    readonly removeApp: string
    readonly addApp: string
    readonly noRoom: string
    readonly recoveryCodes: string
    readonly codesLeft: Plural
    readonly noCodesLeft: string
    readonly fewCodesLeft: string
    readonly codesUse: string
    readonly newCodes: string
    readonly browsers: string
    readonly browsersRemembered: Plural
    readonly noBrowsers: string
    readonly seeBrowsers: string
  }
  /** Before an app is set up. */
  readonly start: {
    readonly titleFirst: string
    readonly titleFurther: string
    readonly whatItIs: string
    readonly whichApps: string
    /** In place of both where the user has an app. */
    readonly further: string
    readonly name: string
    readonly nameHint: string
    readonly refusedName: string
    readonly begin: string
    /** The last wrong code that an enrollment takes. */
    readonly wrongCodes: string
    readonly ended: string
    readonly limit: string
    readonly wait: (time: string) => string
    readonly waited: string
  }
  /** While an app is set up. */
  readonly scan: {
    readonly title: string
    readonly add: string
    readonly howToScan: string
    /** The same where the page is likely to be on the phone itself. */
    readonly scanElsewhere: string
    readonly openApp: string
    readonly qr: string
    readonly cannotScan: string
    readonly howToType: string
    readonly key: string
    readonly copyKey: string
    readonly confirm: string
    readonly entry: string
    readonly verify: string
    readonly cancel: string
  }
  /** The code at a login. */
  readonly challenge: {
    readonly title: string
    readonly howTo: (brand: string) => string
    readonly which: string
    readonly remember: (time: string) => string
    readonly rememberHint: string
    readonly submit: string
    readonly lostPhone: string
    readonly locked: string
    readonly wait: (time: string) => string
    readonly waited: string
    readonly disabled: string
    readonly whatToDo: (brand: string) => string
    readonly useRecoveryCode: string
    /** The site has no recovery codes. */
    readonly whatToDoWithoutCodes: (brand: string) => string
    readonly useCodeOfSite: (brand: string) => string
    readonly notYours: string
  }
  /** A recovery code in place of a code. */
  readonly recover: {
    readonly title: string
    readonly howTo: string
    readonly submit: string
    readonly noCodes: string
    readonly askForHelp: (brand: string) => string
    readonly back: string
  }
  /** How many recovery codes are left. */
  readonly codes: {
    readonly title: string
    readonly left: Plural
    readonly none: string
    readonly use: string
    readonly replacing: string
    readonly create: string
  }
  /** New recovery codes, and the check that the user has kept them. */
  readonly newCodes: {
    readonly title: string
    readonly works: string
    readonly keep: string
    readonly where: string
    readonly list: string
    readonly copy: string
    readonly download: string
    /** The name of the file, without its ending. */
    readonly file: string
    readonly print: string
    readonly checkTitle: string
    readonly checkHint: string
    readonly check: string
    readonly skip: string
    readonly denied: string
    readonly lost: string
    readonly createAgain: string
  }
  /** Browsers that need no code for a while. */
  readonly remembered: {
    readonly title: string
    readonly what: string
    readonly none: string
    readonly current: string
    readonly since: (date: string) => string
    readonly until: (date: string) => string
    /** Followed by the browser's name for those who hear the page. */
    readonly forget: string
    readonly forgetAll: string
  }
  /** A request that got no further. */
  readonly problem: {
    readonly loggedOut: ProblemWords
    readonly crossSite: ProblemWords
    readonly malformed: ProblemWords
    readonly notFound: ProblemWords
    readonly unavailable: ProblemWords
    readonly busy: ProblemWords
    readonly failed: ProblemWords
  }
}

/** What went wrong, and what the user can do. */
export interface ProblemWords {
  readonly title: string
  readonly text: string
}
