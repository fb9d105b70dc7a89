import t from 'tap'
import { openPool, openRedis } from '../../src/cli/drivers.js'

t.test('without its driver a database can\'t be used, and it is said what to do', async t => {
  const missing = async () => { throw new Error('Cannot find package') }
  await t.rejects(openPool('postgres://h', missing), { name: 'StartError', message: 'PostgreSQL needs the package pg: npm install pg' })
  await t.rejects(openRedis('redis://h', missing), {
    name: 'StartError', message: 'Redis needs the package ioredis: npm install ioredis'
  })
})

t.test('a Redis server that isn\'t there is told of as what it is', async t => {
  await t.rejects(openRedis('redis://127.0.0.1:1'), { code: 'ECONNREFUSED' })
})

t.test('what Redis is asked fails in time, and is not sent late', async t => {
  const asked: object[] = []
  let connected = false
  class Redis {
    constructor (url: string, options: object) { asked.push({ url, ...options }) }
    on (): void {}
    async connect (): Promise<void> { connected = true }
    disconnect (): void { connected = false }
    async evalsha (): Promise<unknown> { return null }
    async eval (): Promise<unknown> { return null }
  }
  const { close } = await openRedis('redis://h', async () => ({ Redis }))
  t.ok(connected)
  t.same(asked, [{
    url: 'redis://h',
    lazyConnect: true,
    connectTimeout: 5000,
    commandTimeout: 5000,
    socketTimeout: 5000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0
  }])
  await close()
  t.notOk(connected)

  class Silent extends Redis {
    override async connect (): Promise<void> { throw new Error('the connection is closed') }
  }
  await t.rejects(openRedis('redis://h', async () => ({ Redis: Silent })), { message: 'the connection is closed' })
})
