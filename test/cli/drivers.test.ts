import t from 'tap'
import { importFastify, openPool, openRedis } from '../../src/cli/drivers.js'

t.test('a missing package is named, with the command that installs it', async t => {
  const missing = async () => { throw new Error('Cannot find package') }
  await t.rejects(openPool('postgres://h', missing), { name: 'CommandError', message: 'PostgreSQL needs the package pg: npm install pg' })
  await t.rejects(openRedis('redis://h', missing), {
    name: 'CommandError', message: 'Redis needs the package ioredis: npm install ioredis'
  })
  await t.rejects(importFastify(missing), {
    name: 'CommandError', message: 'serve needs the package fastify: npm install fastify'
  })
})

t.test('an unreachable Redis server is reported with the reason', async t => {
  await t.rejects(openRedis('redis://127.0.0.1:1'), { code: 'ECONNREFUSED' })
})

t.test('Redis commands time out and are not sent late', async t => {
  const options: object[] = []
  let connected = false
  class Redis {
    constructor (url: string, given: object) { options.push({ url, ...given }) }
    on (): void {}
    async connect (): Promise<void> { connected = true }
    disconnect (): void { connected = false }
    async evalsha (): Promise<unknown> { return null }
    async eval (): Promise<unknown> { return null }
  }
  const { close } = await openRedis('redis://h', async () => ({ default: { default: Redis } }))
  t.ok(connected)
  t.same(options, [{
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
  await t.rejects(openRedis('redis://h', async () => ({ default: { default: Silent } })), { message: 'the connection is closed' })
})
