import Database from 'libsql'
import { sqliteStore } from '../../example/sqlite-store.js'

/**
 * Raises a revision so many times, against other processes. Sends its revisions: one by one, or all at the
 * end.
 */
const [file = '', times = ''] = process.argv.slice(2)
const store = sqliteStore(new Database(file))
const own: number[] = []

while (own.length < Number(times)) {
  const kept = await store.get('identity:alice')
  if (kept === null) throw new Error('it was there')
  const revision = kept.revision + 1
  if (!await store.replace('identity:alice', kept.revision, { ...kept, revision })) continue
  own.push(revision)
  if (times === 'Infinity') process.send?.(revision)
}
process.send?.(own)
