import t from 'tap'
import { createTotpClient, withTotp, type Question } from '../../src/client.js'
import { gate } from '../gate.js'

/* Two users of one tab, one after the other. */

const url = 'https://api.example/transfer'

/** A page of Alice's, whose API answers by the user and the code that a request has. */
function page (answer: (user: string | null, code: string | null) => readonly [number, string]) {
  const sent: Array<string | null> = []
  const [arrived, go, asked, reply] = [gate(), gate(), gate(), gate()]
  const questions: Question[] = []
  const totp = createTotpClient({
    prefix: 'https://api.example/totp', token: 'alice', fetch: async () => Response.json({ approval: {} })
  })
  const api = withTotp(async (_input, init) => {
    const headers = new Headers(init?.headers)
    const user = headers.get('authorization')
    sent.push(user)
    const [status, code] = answer(user, headers.get('totp-code'))
    arrived.open()
    if (sent.length === 1) await go.passed
    return Response.json({ code }, { status })
  }, {
    totp,
    async ask (question) {
      questions.push(question)
      asked.open()
      await reply.passed
      return '123456'
    }
  })
  const nextUser = () => {
    totp.setToken(null)
    totp.setToken('bob')
  }
  return { totp, api, sent, questions, arrived, go, asked, reply, nextUser }
}

for (const code of ['ERR_TOTP_CHALLENGE_REQUIRED', 'ERR_TOTP_CODE_REQUIRED']) {
  t.test(`a request that waits for a code is not sent as the next user: ${code}`, async t => {
    const { api, sent, questions, asked, reply, go, nextUser } = page(user =>
      user === 'Bearer alice' ? [403, code] : [200, ''])
    go.open()
    const refused = api(url, { method: 'POST', body: 'of Alice' })
    await asked.passed
    nextUser()
    reply.open()
    const answer = await refused
    t.equal(answer.status, 403)
    t.same(await answer.json(), { code }, 'and its body is there to be read')
    t.same(sent, ['Bearer alice'])
    t.equal(questions.length, 1)
    t.equal((await api(url)).status, 200)
    t.same(sent, ['Bearer alice', 'Bearer bob'])
  })
}

t.test('requests that wait for their turn are not sent as the next user, and the dialog may close', async t => {
  const { api, sent, questions, asked, reply, go, nextUser } = page((user, code) =>
    user === 'Bearer alice' && code === null ? [403, 'ERR_TOTP_CODE_REQUIRED'] : [200, ''])
  go.open()
  const warnings: Error[] = []
  const warn = (warning: Error) => { warnings.push(warning) }
  process.on('warning', warn)
  t.teardown(() => process.off('warning', warn))
  const payments = Array.from({ length: 20 }, async () => (await api(url)).status)
  await asked.passed
  await new Promise(resolve => setImmediate(resolve))
  t.equal(questions[0]?.signal.aborted, false)
  nextUser()
  t.equal(questions[0]?.signal.aborted, true)
  reply.open()
  t.same(await Promise.all(payments), payments.map(() => 403))
  t.same(sent, payments.map(() => 'Bearer alice'))
  t.equal(questions.length, 1)
  t.same(warnings, [])
})

t.test('a session that waits for its turn at the logout is not approved by it', async t => {
  const { api, sent, questions, asked, reply, go, nextUser } = page(() => [403,
    sent.length === 1 ? 'ERR_TOTP_CODE_REQUIRED' : 'ERR_TOTP_CHALLENGE_REQUIRED'])
  go.open()
  const payment = api(url)
  await asked.passed
  const vault = api(url)
  await new Promise(resolve => setImmediate(resolve))
  nextUser()
  reply.open()
  t.same([(await payment).status, (await vault).status], [403, 403])
  t.same(sent, ['Bearer alice', 'Bearer alice'])
  t.equal(questions.length, 1)
})

t.test('a request that is under way at the logout is not sent again as the next user', async t => {
  const { api, sent, arrived, go, nextUser } = page(user => user === 'Bearer bob' ? [200, ''] : [401, 'ENDED'])
  const late = api(url, { method: 'POST', body: 'of Alice' })
  await arrived.passed
  nextUser()
  go.open()
  t.equal((await late).status, 401)
  t.same(sent, ['Bearer alice'])
})

t.test('a request that is under way at a refresh is sent again with the new token', async t => {
  const { api, sent, arrived, go, totp } = page(user => user === 'Bearer fresh' ? [200, ''] : [401, 'ENDED'])
  const late = api(url)
  await arrived.passed
  totp.replaceToken('alice', 'fresh')
  go.open()
  t.equal((await late).status, 200)
  t.same(sent, ['Bearer alice', 'Bearer fresh'])
})

t.test('an answer of 401 to a request with a code and the present token is the caller\'s', async t => {
  const { api, sent, asked, reply, go, totp } = page((_user, code) => code === null ? [403, 'ERR_TOTP_CODE_REQUIRED'] : [401, 'X'])
  go.open()
  const paid = api(url, { method: 'POST' })
  await asked.passed
  totp.replaceToken('alice', 'fresh')
  reply.open()
  t.equal((await paid).status, 401)
  t.same(sent, ['Bearer alice', 'Bearer fresh'])
})
