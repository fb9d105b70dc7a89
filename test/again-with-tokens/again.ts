import t from 'tap'
import { runAgain as runFolder } from '../again-on-express/again.js'

/** Files about remembered browsers, which need cookies: with tokens their option stops the boot. */
const FILES = ['browsers.test.ts', 'remembered.test.ts']

/** Tests about what a session keeps, by the reason why a token is no session. */
const TESTS: Readonly<Record<string, string>> = {
  'an approval is of one identity: a mark in the session of another one is worth nothing': 'tokens are signed',
  'every approval gives the session a new id and a new mark; the old id is nobody': 'an old token is a first factor',
  'the same holds where sessions had no mark when the request began': 'a token gets no mark for nothing',
  'a logout that overlaps a challenge logs out, whichever is first': 'the new token is the host\'s to recall',
  'when the session can not be kept, the answer is 503 and the code is spent': 'a token is signed before that',
  'a remembered browser makes no payment without a code': 'their option stops the boot',
  'no secret, URI, code, recovery code, pass, mark or cookie gets into a log, an event, the store, an error or a URL':
    'it looks for marks in the store of sessions'
}

/** Runs the tests of a folder once more, without those that can't hold for tokens. */
export async function runAgain (folder: string): Promise<void> {
  const left = new Set<string>()
  const test = t.test.bind(t)
  t.intercept(t, 'test', {
    value: (...args: Parameters<typeof test>) => {
      const [name] = args
      if (typeof name !== 'string' || !Object.hasOwn(TESTS, name)) return test(...args)
      return left.add(name)
    }
  })
  await runFolder(folder, FILES)
  t.ok(left.size > 0, 'the tests that are left out exist')
}
