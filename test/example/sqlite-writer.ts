import Database from 'libsql'
import { sqliteStore } from '../../example/sqlite-store.js'

/**
 * Raises a revision so many times, against other processes. Sends its revisions: one by one, or all at the
 * end.
 */
const [file = '', times = ''] = process.argv.slice(2)
const database = new Database(file)
const store = sqliteStore(database)
// The other writer takes its turns in the gaps, and a slow disk leaves few of them.
database.pragma('busy_timeout = 60000')
const own: number[] = []

while (own.length < Number(times)) {
  const kept = await store.get('identity:alice')
  if (kept === null) throw new Error('the document is missing')
  const revision = kept.revision + 1
  if (!await store.replace('identity:alice', kept.revision, { ...kept, revision })) continue
  own.push(revision)
  if (times === 'Infinity') process.send?.(revision)
}
process.send?.(own)
