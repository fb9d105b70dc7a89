import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createTable } from '../../example/site/create-table.js'
import { checkKeys } from '../../example/site/key-check.js'
import { openPglite } from '../pglite.js'

const client = await openPglite(t)
const [first, second, third] = [randomBytes(32), randomBytes(32), randomBytes(32)]
const OTHER_KEYS = { name: 'StartError', message: /other keys/ }

t.test('an instance starts only if its keys include the one that seals', async t => {
  await t.resolves(checkKeys(client, [first]))
  await t.resolves(checkKeys(client, [first]), 'a second instance with the same key')
  await t.rejects(checkKeys(client, [second]), OTHER_KEYS)
  await t.resolves(checkKeys(client, [first, second]), 'an instance with a second key, which will seal later')
  await t.rejects(checkKeys(client, [second]), OTHER_KEYS, 'the second key does not seal yet')
  await t.resolves(checkKeys(client, [second, first]), 'the second key seals from now on')
  await t.rejects(checkKeys(client, [first]), OTHER_KEYS, 'the first key alone can\'t open that')
  await t.resolves(checkKeys(client, [second]))
  await t.rejects(checkKeys(client, [third, first]), OTHER_KEYS)
  await t.rejects(checkKeys(client, []), TypeError)
})

t.test('of instances with different keys that start at the same time on an empty database, one starts', async t => {
  await client.query('DELETE FROM example_key_check')
  const keys = [[first], [second], [third]]
  const started = await Promise.allSettled(keys.map(async keys => await checkKeys(client, keys)))
  t.equal(started.filter(({ status }) => status === 'fulfilled').length, 1)
})

t.test('an instance that changes the key at the same time as another checks again', async t => {
  await client.query('DELETE FROM example_key_check')
  await checkKeys(client, [first])
  const racing = {
    async query<Row extends Record<string, unknown>> (text: string, values?: unknown[]) {
      if (text.startsWith('UPDATE')) await checkKeys(client, [third, first])
      return await client.query<Row>(text, values)
    }
  }
  await t.rejects(checkKeys(racing, [second, first]), OTHER_KEYS)
})

t.test('instances that create a table at the same time all succeed; other errors are thrown', async t => {
  const failing = (code: string) => ({
    query: async () => { throw Object.assign(new Error('failed'), { code }) }
  })
  await t.resolves(createTable(failing('42P07'), ''))
  await t.rejects(createTable(failing('53300'), ''), { code: '53300' })
  await t.rejects(createTable({ query: async () => { throw new Error('failed') } }, ''), { message: 'failed' })
})
