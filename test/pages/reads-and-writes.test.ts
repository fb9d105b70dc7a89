import t from 'tap'
import { authenticator } from '../authenticator.js'
import { desk, type Answer } from './desk.js'

t.test('what each page and each form asks of the store', async t => {
  const { login, store, now, wait } = desk({ totp: { remember: { for: 86_400 } } })
  const alice = login('alice')
  const { get } = store
  let reads = 0
  store.get = async key => {
    reads++
    return await get.call(store, key)
  }

  async function costs (
    name: string, act: () => Promise<Answer>, expected: readonly [reads: number, writes: number]
  ): Promise<Answer> {
    reads = store.writes = 0
    const answer = await act()
    t.strictSame([reads, store.writes], expected, `${name} ${answer.location ?? answer.page.kind}`)
    return answer
  }

  await costs('start', async () => await alice.get('/enroll'), [1, 0])
  await costs('begin', async () => await alice.post('/enroll', { action: 'begin' }), [1, 1])
  const { page } = await costs('scan', async () => await alice.get('/enroll'), [1, 0])
  const app = authenticator(page.kind === 'scan' ? page.secret : '')
  const verify = async (code: string) => await alice.post('/enroll', { action: 'verify', code })
  await costs('wrong', async () => await verify(app.wrongCode(now())), [3, 1])
  const verified = await costs('right', async () => await verify(app.code(now())), [2, 1])
  const [code = ''] = verified.page.kind === 'newCodes' ? verified.page.codes : []
  await costs('manage', async () => await alice.get('/'), [2, 0])
  await costs('codes', async () => await alice.get('/codes'), [1, 0])
  await costs('check', async () => await alice.post('/codes/check', { code }), [1, 0])
  await costs('remembered', async () => await alice.get('/remembered'), [1, 0])
  wait(31)
  await costs('challenge', async () => await alice.get('/challenge'), [2, 0])
  await costs('recover', async () => await alice.get('/recover'), [0, 0])
  await costs('wrong', async () => await alice.post('/challenge', { code: app.wrongCode(now()) }), [1, 1])
  await costs('right', async () => await alice.post('/challenge', { code: app.code(now()) }), [1, 1])
  await costs('malformed', async () => await alice.post('/challenge', { code: '1' }), [0, 0])
  await costs('recover', async () => await alice.post('/recover', { code }), [1, 1])
  await costs('unknown', async () => await login(null).get('/'), [0, 0])
  await costs('crossSite', async () => await alice.post('/', {}, { 'sec-fetch-site': 'cross-site' }), [0, 0])
  await costs('malformed', async () => await alice.post('/', { action: 'other' }), [0, 0])
})
