import t from 'tap'
import { randomFrom } from '../../src/testing/store-suite/random.js'
import { backends } from './backends.js'
import { passedUnapproved } from './browser-rules.js'
import { SERVERS, startCluster } from './cluster.js'
import { isDone, outcomeOf, type Act } from './journal.js'
import { newIdentity, player } from './player.js'
import { recorder } from './recorder.js'
import { complaints } from './rules.js'

const IDENTITIES = 8
/** Players of one identity, at the same time. */
const PLAYERS = 3
/** Moves of all players, before all servers start anew, and after. */
const MOVES = 600
/**
 * Seconds that pass meanwhile: locks have ended, all codes are new; in the end no approval is fresh, and no
 * browser is remembered.
 */
const LATER = [60, 400]

/** What is done so often that its absence is a mistake of the players. */
const ACTS: readonly Act[] = ['log in', 'enroll', 'verify', 'challenge', 'pay', 'vault', 'list', 'unlock', 'recover', 'browsers', 'forget']

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9))

for (const backend of backends) {
  const promise = `whatever happens at once on four processes and one ${backend.name}, the promises hold`
  t.test(promise, { skip: backend.skip }, async t => {
    t.comment(`SEED=${seed}`)
    const four = await startCluster(t, backend)
    const records = recorder(four)
    const { journal } = records
    const identities = Array.from({ length: IDENTITIES }, (_, i) => newIdentity(`identity ${i}`))
    const players = identities.flatMap((identity, i) => Array.from({ length: PLAYERS }, (_, k) =>
      player(four, records, identity, randomFrom(seed + i * PLAYERS + k))))

    await playAll(players)
    for (const seconds of LATER) {
      await four.restart(seconds)
      await playAll(players)
    }

    for (const { name } of identities) {
      const lists = await Promise.all(four.servers.map(async server =>
        await records.ask(server, await records.login(server, name), 'list')))
      t.strictSame(lists.map(({ listed }) => listed), Array(SERVERS).fill(lists[0]?.listed), 'all list the same')
    }
    t.strictSame(complaints(journal), [])
    t.strictSame(journal.filter(({ status }) => status === null), [], 'every question was answered')
    for (const act of ACTS) t.ok(journal.some(entry => entry.act === act && isDone(entry)), `${act} was done`)
    t.ok(journal.some(entry => entry.act === 'challenge' && outcomeOf(entry) === 'denied'))
    const remembered = identities.map(({ name }) =>
      passedUnapproved(journal.filter(({ identity }) => identity === name)).length)
    t.ok(remembered.some(visits => visits > 0), `remembered browsers passed: ${remembered.join(', ')} times`)
    t.comment(tally(journal.map(({ act, status, code }) => `${act} ${code ?? status}`)))
  })
}

/** All play at once until so many moves are made; one that waits for its answer makes no other. */
async function playAll (players: ReadonlyArray<() => Promise<void>>): Promise<void> {
  let left = MOVES
  await Promise.all(players.map(async play => {
    while (left-- > 0) await play()
  }))
}

function tally (words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of [...words].sort()) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
