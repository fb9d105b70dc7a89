import { once } from 'node:events'
import { createServer } from 'node:https'
import { Writable } from 'node:stream'
import t from 'tap'
import { selfSigned } from '../clients/certificate.js'
import { lacking } from '../example/programs.js'
import { counted, enrolledThere, RIGHT, there } from './there.js'

t.test('a host that can\'t prove to be Twilio is told nothing, and it is no attempt', { skip: lacking('openssl') }, async t => {
  let log = ''
  const stream = new Writable({ write: (line, _encoding, done) => { log += String(line); done() } })
  const { login, server, store } = await there(t, { server: { logger: { level: 'error', stream } } })
  await enrolledThere(await login('alice'))
  const person = await login('alice')

  const { key, cert } = selfSigned(t.testdir(), 'localhost')
  let requests = 0
  const stranger = createServer({ key, cert }, () => { requests++ }).listen(0, '127.0.0.1')
  t.after(() => stranger.close())
  await once(stranger, 'listening')
  const address = stranger.address()
  server.client.verify.baseUrl = `https://localhost:${typeof address === 'object' ? address?.port : ''}`

  for (let i = 0; i < 6; i++) {
    t.match(await person.challenge(RIGHT), { status: 503, code: 'ERR_TOTP_PROVIDER' })
  }
  t.equal(requests, 0)
  t.equal(await counted(store), 0)
  t.match(log, 'DEPTH_ZERO_SELF_SIGNED_CERT', 'whoever runs it is told what is wrong')
})
