import type { Store } from '../../documents/store.js'
import { listText, replaceText } from './calls.js'
import { BrokenGuarantee } from './expectations.js'
import { RULES } from './rules.js'
import { shown, shownKey } from './shown.js'
import { note, type Note } from './trial.js'

const ALICE = 'identity:alice'
const WRITES = [[null, note(1)], [1, note(2)], [1, null], [null, null]] as const

/**
 * False means that another write won, and null that nothing is kept. A store that resolves these because it
 * failed loses what was recorded, or lets enrolled users pass as unenrolled.
 */
export const failures = {
  rule: RULES.falseIsALostRace,
  lookFor: 'a catch that returns null, false or an empty list, an error that is only logged, or a client that queues ' +
    'writes while it is offline.',

  async verify (store: Store<Note>): Promise<void> {
    await rejects(`get(${shownKey(ALICE)})`, async () => await store.get(ALICE))
    for (const [expected, next] of WRITES) {
      const text = replaceText(ALICE, expected, next)
      await rejects(text, async () => await store.replace(ALICE, expected, next))
    }
    if (store.list === undefined) return
    await rejects(listText(undefined, 1), async () => await store.list?.(undefined, 1))
  }
}

async function rejects (text: string, call: () => Promise<unknown>): Promise<void> {
  let answer: unknown
  try {
    answer = await call()
  } catch {
    return
  }
  throw new BrokenGuarantee(`${text} resolved ${shown(answer)} on a broken connection, where it should have rejected.`)
}
