import t from 'tap'
import { NOTHING, outcomeOf, type Act, type Entry } from './journal.js'
import { REMEMBERED_FOR } from './remembered-browsers.js'
import { complaints, rules } from './rules.js'

const NOW = 1_800_000_000
const STEP = NOW / 30

type Line = Partial<Entry> & { readonly act: Act }

/** What was asked and answered one after the other, unless a line says otherwise; all by one session. */
function journalOf (...lines: readonly Line[]): Entry[] {
  return lines.map((line, i) => {
    const times = { sent: 2 * i, answered: 2 * i + 1, from: NOW, until: NOW }
    return { ...NOTHING, identity: 'alice', session: 'one', ...times, status: 200, code: null, ...line }
  })
}

const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }
const REFUSED = { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }
const SLOW = { status: 503, code: 'ERR_TOTP_STORE' }
const SWALLOWED = { status: null, answered: Infinity }

const enroll = (factor: string): Line => ({ act: 'enroll', factor, name: 'alice', status: 201 })
const verify = (factor: string, step = STEP - 1): Line => ({ act: 'verify', factor, step })
const challenge = (step: number | null, more: Partial<Entry> = {}): Line =>
  ({ act: 'challenge', factor: 'F1', step, ...more })
const wrong = challenge(null, DENIED)
const pay = (step: number | null, more: Partial<Entry> = {}): Line => ({ act: 'pay', factor: 'F1', step, ...more })
const unpaid = pay(null, DENIED)
const remove: Line = { act: 'remove', factor: 'F1', status: 204 }
const vault: Line = { act: 'vault' }
const list = (listed: Record<string, string>): Line => ({ act: 'list', listed })
const rename = (name: string, more: Partial<Entry> = {}): Line => ({ act: 'rename', factor: 'F1', name, ...more })
const operator = (act: Act): Line => ({ act, session: null, status: 204 })
const recover = (recovery: string, more: Partial<Entry> = {}): Line => ({ act: 'recover', recovery, ...more })
const pass: Line = { ...operator('pass'), made: ['pass 9'] }
const newCodes = (made: readonly string[]): Line => ({ act: 'new codes', made, status: 201 })

const remembering = (remembered: string, more: Partial<Entry> = {}): Line =>
  challenge(STEP, { remembered, ...more })
const visit: Line = { act: 'vault', session: 'two', tokens: ['browser 0'] }
const browsers = (listed: readonly string[], more: Partial<Entry> = {}): Line =>
  ({ act: 'browsers', browsers: listed, tokens: ['browser 0'], current: 'YB0', ...more })
const forget = (browser: string, more: Partial<Entry> = {}): Line => ({ act: 'forget', browser, status: 204, ...more })

const START = [enroll('F1'), { ...verify('F1'), made: ['code 0', 'code 1'] }]
const FIVE = [wrong, wrong, wrong, wrong, wrong]
const REMEMBERED = [...START, remembering('browser 0')]

/** What a rule has to complain of, and what comes near to it and is fine. */
const CASES: Readonly<Record<string, { broken: readonly Line[][], kept: readonly Line[][] }>> = {
  documented: {
    broken: [[{ act: 'vault', status: 500 }], [{ act: 'list', status: 403 }], [{ act: 'log in', ...DENIED }], [pay(null, REFUSED)]],
    kept: [
      [{ act: 'vault', ...REFUSED }], [pay(null, { status: 403, code: 'ERR_TOTP_CODE_REQUIRED' })],
      [{ act: 'list', ...SLOW }], [{ act: 'vault', ...SWALLOWED }]
    ]
  },
  singleUse: {
    broken: [
      [...START, challenge(STEP), challenge(STEP, { session: 'two' })],
      [...START, challenge(STEP - 1)],
      [...START, pay(STEP - 1)],
      [...START, pay(STEP), pay(STEP, { session: 'two' })],
      [...START, challenge(STEP), pay(STEP)],
      [...START, pay(STEP), challenge(STEP)],
      [...START, challenge(STEP + 1), challenge(STEP)],
      [...START, challenge(STEP), challenge(STEP, { sent: 4.5, answered: 9 })]
    ],
    kept: [
      [...START, challenge(STEP), challenge(STEP, DENIED), challenge(STEP + 1)],
      [...START, challenge(STEP + 1), challenge(STEP, { sent: 3.5, answered: 9 })],
      [...START, challenge(STEP, SLOW), challenge(STEP)],
      [...START, pay(STEP), challenge(STEP, DENIED), pay(STEP + 1)]
    ]
  },
  rightCodes: {
    broken: [[...START, challenge(null)], [...START, challenge(STEP + 2)], [enroll('F1'), verify('F1', STEP - 2)], [...START, pay(null)]],
    kept: [[...START, challenge(STEP + 2, { until: NOW + 30 })], [...START, challenge(STEP + 1)]]
  },
  budget: {
    broken: [
      [...START, ...FIVE, wrong],
      [...START, ...FIVE, unpaid],
      [...START, unpaid, unpaid, unpaid, unpaid, unpaid, wrong],
      [...START, ...FIVE, challenge(STEP, SLOW), ...FIVE, wrong],
      [...START, ...FIVE, operator('unlock'), ...FIVE, wrong],
      [...START, ...FIVE, { ...wrong, from: NOW + 29, until: NOW + 29 }],
      [...START, ...Array<Line>(10).fill(wrong), challenge(STEP, { sent: 0.5, answered: 99 })]
    ],
    kept: [
      [...START, ...FIVE],
      [...START, ...FIVE, operator('unlock'), ...FIVE],
      [...START, ...FIVE, recover('code 0'), ...FIVE],
      [...START, wrong, wrong, wrong, wrong, challenge(STEP), ...FIVE],
      [...START, wrong, unpaid, wrong, wrong, pay(STEP), ...FIVE],
      [...START, ...FIVE, { ...wrong, from: NOW + 30, until: NOW + 30 }],
      [...START, ...Array<Line>(9).fill(wrong), challenge(STEP, { sent: 0.5, answered: 99 })],
      [...START, ...FIVE, challenge(null, { status: 429, code: 'ERR_TOTP_LOCKED' })]
    ]
  },
  lock: {
    broken: [[...START, ...FIVE, challenge(STEP)], [...START, ...FIVE, pay(STEP)]],
    kept: [
      [...START, ...FIVE.slice(1), challenge(STEP)],
      [...START, ...FIVE, operator('unlock'), challenge(STEP)],
      [...START, ...FIVE, recover('code 0'), challenge(STEP)],
      [...START, ...FIVE, challenge(STEP, { sent: 11.5, answered: 99 })],
      [...START, ...FIVE, challenge(STEP + 1, { from: NOW + 30, until: NOW + 30 })],
      [...START, ...FIVE, operator('unlock'), wrong, challenge(STEP)]
    ]
  },
  ownBudget: {
    broken: [
      [enroll('F1'), ...Array<Line>(6).fill({ ...verify('F1'), ...DENIED })],
      [enroll('F1'), ...Array<Line>(5).fill({ ...verify('F1'), ...DENIED }), verify('F1')]
    ],
    kept: [[enroll('F1'), ...Array<Line>(4).fill({ ...verify('F1'), ...DENIED }), verify('F1')]]
  },
  passage: {
    broken: [
      [vault],
      [...START, { ...vault, session: 'two' }],
      [...START, pay(STEP, { session: 'two' }), { ...vault, session: 'two' }],
      [...START, { act: 'withdraw', status: 204 }, vault],
      [...START, { act: 'log out', status: 204 }, vault],
      [...START, remove, vault],
      [...START, operator('revoke'), { act: 'report' }],
      [...START, operator('reset'), { act: 'transfer' }],
      [...START, operator('revoke'), rename('mine')],
      [...START, { ...enroll('F2'), session: 'two' }],
      [...START, { ...vault, sent: 2.5 }],
      [...START, recover('code 0', { session: 'two' }), vault],
      [...START, recover('code 0', { session: 'two' }), remove, { ...vault, session: 'two' }],
      [...START, recover('code 0'), newCodes(['code 2'])],
      [...START, recover('code 0', DENIED), operator('revoke'), vault],
      [...REMEMBERED, { ...visit, act: 'transfer' }],
      [...REMEMBERED, { ...rename('mine'), session: 'two', tokens: ['browser 0'] }],
      [...REMEMBERED, browsers(['YB0'], { session: 'two' })],
      [...REMEMBERED, forget('all', { session: 'two', tokens: ['browser 0'] })],
      [...REMEMBERED, forget('YB0', { session: 'two' })],
      [...REMEMBERED, browsers(['YB0']), forget('YB1', { session: 'two', tokens: ['browser 0'] })]
    ],
    kept: [
      [...START, vault, { act: 'transfer' }, { act: 'report' }, rename('mine'), enroll('F2')],
      [...START, remove, { ...vault, sent: 4.5 }],
      [...START, operator('revoke'), challenge(STEP), vault],
      [...START, { act: 'withdraw', status: 204, session: 'two' }, vault],
      [...START, { act: 'withdraw', ...SLOW }, vault],
      [enroll('F1'), rename('mine')],
      [...START, remove, enroll('F2')],
      [...START, recover('code 0'), vault, rename('mine'), enroll('F2')],
      [...START, recover('code 0'), remove, vault],
      [...START, recover('code 0', { ...SLOW, session: 'two' }), vault],
      [...START, newCodes(['code 2']), vault],
      [...REMEMBERED, browsers(['YB0', 'YB1']), forget('YB1'), forget('all')],
      [...REMEMBERED, browsers(['YB0']), forget('YB0', { session: 'two', tokens: ['browser 0'] })],
      [...REMEMBERED, forget('YB0', { session: 'two', tokens: ['browser 0'] })],
      [...REMEMBERED, forget('current', { session: 'two' })]
    ]
  },
  age: {
    broken: [
      [...START, { act: 'transfer', from: NOW + 61, until: NOW + 61 }],
      [...START, { ...enroll('F2'), from: NOW + 301, until: NOW + 301 }],
      [...START, { ...vault, from: NOW + 43_201, until: NOW + 43_201 }],
      [...START, pass, recover('pass 9'), { ...vault, from: NOW + 301, until: NOW + 301 }]
    ],
    kept: [
      [...START, { act: 'transfer', from: NOW + 60, until: NOW + 62 }],
      [...START, { ...rename('mine'), from: NOW + 300, until: NOW + 300 }],
      [...START, recover('code 0'), { ...vault, from: NOW + 43_200, until: NOW + 43_200 }],
      [...START, pass, recover('pass 9'), { ...vault, from: NOW + 300, until: NOW + 300 }]
    ]
  },
  deadFactors: {
    broken: [
      [...START, remove, challenge(STEP)],
      [...START, remove, pay(STEP)],
      [...START, operator('reset'), challenge(STEP)],
      [enroll('F1'), enroll('F2'), verify('F1')],
      [enroll('F1'), operator('revoke'), verify('F1')],
      [...START, enroll('F2'), recover('code 0'), { ...verify('F2', STEP) }],
      [enroll('F1'), { ...verify('F1'), session: 'two' }],
      [verify('F1')]
    ],
    kept: [
      [...START, { ...remove, answered: 9 }, challenge(STEP)],
      [enroll('F1'), { ...operator('revoke'), ...SLOW }, verify('F1')],
      [enroll('F1'), { ...enroll('F2'), ...REFUSED }, verify('F1')]
    ]
  },
  listing: {
    broken: [
      [...START, list({})],
      [...START, remove, list({ F1: 'alice' })],
      [enroll('F1'), list({ F1: 'alice' })],
      [...START, operator('reset'), list({ F1: 'alice' })]
    ],
    kept: [
      [...START, list({ F1: 'alice' }), remove, list({})],
      [...START, { ...remove, ...SWALLOWED }, list({})],
      [...START, { ...remove, ...SLOW }, list({ F1: 'alice' })],
      [enroll('F1'), { ...verify('F1'), ...SWALLOWED }, list({ F1: 'alice' })]
    ]
  },
  names: {
    broken: [
      [...START, rename('mine'), list({ F1: 'alice' })],
      [...START, rename('mine'), rename('yours'), list({ F1: 'mine' })],
      [...START, list({ F1: 'whose' })],
      [...START, rename('mine', REFUSED), list({ F1: 'mine' })]
    ],
    kept: [
      [...START, rename('mine'), list({ F1: 'mine' })],
      [...START, rename('mine', { answered: 9 }), rename('yours', { answered: 9 }), list({ F1: 'mine' })],
      [...START, rename('mine', SLOW), list({ F1: 'alice' })],
      [...START, rename('mine', SLOW), list({ F1: 'mine' })]
    ]
  },
  recoveredOnce: {
    broken: [
      [...START, recover('code 0'), recover('code 0', { session: 'two' })],
      [...START, recover('code 0', { answered: 99 }), recover('code 0')],
      [...START, pass, recover('pass 9'), recover('pass 9')]
    ],
    kept: [
      [...START, recover('code 0'), recover('code 0', DENIED), recover('code 1')],
      [...START, recover('code 0', SLOW), recover('code 0')]
    ]
  },
  replaced: {
    broken: [
      [...START, newCodes(['code 2']), recover('code 0')],
      [...START, operator('reset'), recover('code 0')],
      [...START, recover('code 7')],
      [...START, pass, { ...pass, made: ['pass 10'] }, recover('pass 9')],
      [...START, pass, operator('revoke'), recover('pass 9')],
      [...START, pass, challenge(STEP, { session: 'two' }), recover('pass 9')],
      [...START, pass, recover('code 0'), recover('pass 9')]
    ],
    kept: [
      [...START, newCodes(['code 2']), recover('code 2')],
      [...START, { ...newCodes([]), ...SLOW }, recover('code 0')],
      [...START, { ...newCodes(['code 2']), answered: 9 }, recover('code 0', { sent: 5 })],
      [...START, pass, operator('unlock'), recover('pass 9')],
      [...START, pass, challenge(STEP, DENIED), recover('pass 9')],
      [...START, pass, pay(STEP), recover('pass 9')],
      [...START, operator('revoke'), recover('code 0')]
    ]
  },
  remembered: {
    broken: [
      [...START, visit],
      [...REMEMBERED, { ...visit, tokens: ['browser 1'] }],
      [...REMEMBERED, { ...visit, identity: 'bob' }],
      [...START, remembering('browser 0', DENIED), visit],
      ...[operator('revoke'), operator('reset'), recover('code 0'), remove].map(end => [...REMEMBERED, end, visit]),
      [...REMEMBERED, operator('revoke'), { ...visit, act: 'report' }],
      [...REMEMBERED, forget('all'), visit],
      [...REMEMBERED, forget('current', { session: 'two', tokens: ['browser 0'] }), visit],
      [...REMEMBERED, browsers(['YB0']), forget('YB0'), visit],
      [...REMEMBERED, forget('YB0'), browsers(['YB0']), visit],
      [...REMEMBERED, remembering('browser 1', { step: STEP + 1, tokens: ['browser 0'] }), visit],
      [...REMEMBERED, forget('all'), { ...visit, tokens: ['browser 9', 'browser 0'] }],
      [...REMEMBERED, { ...visit, from: NOW + REMEMBERED_FOR + 1, until: NOW + REMEMBERED_FOR + 1 }]
    ],
    kept: [
      [...REMEMBERED, visit, { ...visit, act: 'report' }],
      [...REMEMBERED, { ...visit, tokens: ['browser 9', 'browser 0'] }],
      [...REMEMBERED, { ...visit, from: NOW + REMEMBERED_FOR, until: NOW + REMEMBERED_FOR }],
      [...REMEMBERED, { act: 'log out', status: 204 }, visit],
      [...REMEMBERED, operator('unlock'), visit],
      [...REMEMBERED, { ...operator('revoke'), answered: 9 }, visit],
      [...REMEMBERED, { ...operator('revoke'), ...SLOW }, visit],
      [...REMEMBERED, operator('revoke'), { ...visit, ...REFUSED }],
      [...REMEMBERED, operator('revoke'), remembering('browser 1', { step: STEP + 1 }), { ...visit, tokens: ['browser 1'] }],
      [...REMEMBERED, forget('all', { answered: 9 }), visit],
      [...REMEMBERED, forget('all', REFUSED), visit],
      [...REMEMBERED, forget('current', { session: 'three', tokens: ['browser 9'] }), visit],
      [...REMEMBERED, browsers(['YB0', 'YB1']), forget('YB1'), visit],
      [...REMEMBERED, challenge(STEP + 1, { tokens: ['browser 0'] }), visit],
      [...REMEMBERED, forget('all'), { ...vault, tokens: ['browser 0'] }],
      [...REMEMBERED, pass, recover('pass 9', { tokens: [] }),
        remembering('browser 1', { session: 'three', step: STEP + 1 }),
        { ...vault, tokens: ['browser 1'], from: NOW + 301, until: NOW + 301 }]
    ]
  },
  browserListing: {
    broken: [
      [...REMEMBERED, browsers(['YB0']), forget('YB0'), browsers(['YB0'], { tokens: [], current: null })],
      [...REMEMBERED, browsers(['YB0']), forget('all'), browsers(['YB0'])],
      [...REMEMBERED, browsers(['YB0']), operator('revoke'), challenge(STEP + 1), browsers(['YB0'])]
    ],
    kept: [
      [...REMEMBERED, browsers(['YB0', 'YB1']), forget('YB1'), browsers(['YB0'])],
      [...REMEMBERED, browsers(['YB0']), forget('YB0', { answered: 11 }), browsers(['YB0'])],
      [...REMEMBERED, browsers(['YB0']), forget('YB0'), browsers([], { tokens: [], current: null })]
    ]
  }
}

t.test('every rule finds what breaks it, and lets pass what comes near', async t => {
  t.strictSame(Object.keys(CASES), Object.keys(rules), 'there are cases for each')
  for (const [name, { broken, kept }] of Object.entries(CASES)) {
    for (const [i, lines] of broken.entries()) {
      const found = complaints(journalOf(...lines))
      t.ok(found.some(line => line.startsWith(`${name}: `)), `${name} is broken ${i + 1}: ${found.join(', ')}`)
    }
    for (const [i, lines] of kept.entries()) {
      t.strictSame(complaints(journalOf(...lines)), [], `${name} is kept ${i + 1}`)
    }
  }
})

t.test('what one identity does explains nothing of another', async t => {
  const lines = [...START, { ...vault, identity: 'bob' }, { ...wrong, identity: 'bob' }, ...FIVE.slice(1)]
  t.strictSame(complaints(journalOf(...lines)).map(line => line.split(':', 1)[0]), ['passage'])
})

t.test('an answer that does not say what happened leaves everything open', async t => {
  const [entry] = journalOf(vault)
  if (entry === undefined) throw new Error('there is no entry')
  const outcomes = [200, 201, 204, 401, 403, 404, 409, 429, 500, 503, null]
    .map(status => outcomeOf({ ...entry, status }))
  const [done, refused, unknown] = ['done', 'refused', 'unknown']
  t.strictSame(outcomes, [
    done, done, done, unknown, refused, refused, refused, refused, unknown, unknown, unknown
  ])
})
