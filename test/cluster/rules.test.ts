import t from 'tap'
import { outcomeOf, type Act, type Entry } from './journal.js'
import { complaints, rules } from './rules.js'

const NOW = 1_800_000_000
const STEP = NOW / 30

type Line = Partial<Entry> & { readonly act: Act }

/** What was asked and answered one after the other, unless a line says otherwise; all by one session. */
function journalOf (...lines: readonly Line[]): Entry[] {
  return lines.map((line, i) => {
    const times = { sent: 2 * i, answered: 2 * i + 1, from: NOW, until: NOW }
    const about = { identity: 'alice', session: 'one', factor: null, step: null, name: null, listed: {} }
    return { ...about, ...times, status: 200, code: null, ...line }
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
const remove: Line = { act: 'remove', factor: 'F1', status: 204 }
const vault: Line = { act: 'vault' }
const list = (listed: Record<string, string>): Line => ({ act: 'list', listed })
const rename = (name: string, more: Partial<Entry> = {}): Line => ({ act: 'rename', factor: 'F1', name, ...more })
const operator = (act: Act): Line => ({ act, session: null, status: 204 })

const START = [enroll('F1'), verify('F1')]
const FIVE = [wrong, wrong, wrong, wrong, wrong]

/** What a rule has to complain of, and what comes near to it and is fine. */
const CASES: Readonly<Record<string, { broken: readonly Line[][], kept: readonly Line[][] }>> = {
  documented: {
    broken: [[{ act: 'vault', status: 500 }], [{ act: 'list', status: 403 }], [{ act: 'log in', ...DENIED }]],
    kept: [[{ act: 'vault', ...REFUSED }], [{ act: 'list', ...SLOW }], [{ act: 'vault', ...SWALLOWED }]]
  },
  singleUse: {
    broken: [
      [...START, challenge(STEP), challenge(STEP, { session: 'two' })],
      [...START, challenge(STEP - 1)],
      [...START, challenge(STEP + 1), challenge(STEP)],
      [...START, challenge(STEP), challenge(STEP, { sent: 4.5, answered: 9 })]
    ],
    kept: [
      [...START, challenge(STEP), challenge(STEP, DENIED), challenge(STEP + 1)],
      [...START, challenge(STEP + 1), challenge(STEP, { sent: 3.5, answered: 9 })],
      [...START, challenge(STEP, SLOW), challenge(STEP)]
    ]
  },
  rightCodes: {
    broken: [[...START, challenge(null)], [...START, challenge(STEP + 2)], [enroll('F1'), verify('F1', STEP - 2)]],
    kept: [[...START, challenge(STEP + 2, { until: NOW + 30 })], [...START, challenge(STEP + 1)]]
  },
  budget: {
    broken: [
      [...START, ...FIVE, wrong],
      [...START, ...FIVE, challenge(STEP, SLOW), ...FIVE, wrong],
      [...START, ...FIVE, operator('unlock'), ...FIVE, wrong],
      [...START, ...FIVE, { ...wrong, from: NOW + 29, until: NOW + 29 }],
      [...START, ...Array<Line>(10).fill(wrong), challenge(STEP, { sent: 0.5, answered: 99 })]
    ],
    kept: [
      [...START, ...FIVE],
      [...START, ...FIVE, operator('unlock'), ...FIVE],
      [...START, wrong, wrong, wrong, wrong, challenge(STEP), ...FIVE],
      [...START, ...FIVE, { ...wrong, from: NOW + 30, until: NOW + 30 }],
      [...START, ...Array<Line>(9).fill(wrong), challenge(STEP, { sent: 0.5, answered: 99 })],
      [...START, ...FIVE, challenge(null, { status: 429, code: 'ERR_TOTP_LOCKED' })]
    ]
  },
  lock: {
    broken: [[...START, ...FIVE, challenge(STEP)]],
    kept: [
      [...START, ...FIVE.slice(1), challenge(STEP)],
      [...START, ...FIVE, operator('unlock'), challenge(STEP)],
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
      [...START, { act: 'withdraw', status: 204 }, vault],
      [...START, { act: 'log out', status: 204 }, vault],
      [...START, remove, vault],
      [...START, operator('revoke'), { act: 'report' }],
      [...START, operator('reset'), { act: 'transfer' }],
      [...START, operator('revoke'), rename('mine')],
      [...START, { ...enroll('F2'), session: 'two' }],
      [...START, { ...vault, sent: 2.5 }]
    ],
    kept: [
      [...START, vault, { act: 'transfer' }, { act: 'report' }, rename('mine'), enroll('F2')],
      [...START, remove, { ...vault, sent: 4.5 }],
      [...START, operator('revoke'), challenge(STEP), vault],
      [...START, { act: 'withdraw', status: 204, session: 'two' }, vault],
      [...START, { act: 'withdraw', ...SLOW }, vault],
      [enroll('F1'), rename('mine')],
      [...START, remove, enroll('F2')]
    ]
  },
  age: {
    broken: [
      [...START, { act: 'transfer', from: NOW + 61, until: NOW + 61 }],
      [...START, { ...enroll('F2'), from: NOW + 301, until: NOW + 301 }],
      [...START, { ...vault, from: NOW + 43_201, until: NOW + 43_201 }]
    ],
    kept: [
      [...START, { act: 'transfer', from: NOW + 60, until: NOW + 62 }],
      [...START, { ...rename('mine'), from: NOW + 300, until: NOW + 300 }]
    ]
  },
  deadFactors: {
    broken: [
      [...START, remove, challenge(STEP)],
      [...START, operator('reset'), challenge(STEP)],
      [enroll('F1'), enroll('F2'), verify('F1')],
      [enroll('F1'), operator('revoke'), verify('F1')],
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
