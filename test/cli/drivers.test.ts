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
