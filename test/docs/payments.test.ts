import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import type { FastifyInstance } from 'fastify'
import { served } from '../client/site/person.js'
import { applicationFolder } from './application-folder.js'
import { block, transpiled } from './pages.js'

const PAGE = 'docs/payments.md'

t.test('the front end shows the payment that the server knows, and a client that lost the answer asks for it', async t => {
  const folder = applicationFolder(t, ['fastify', '@fastify/session'])
  async function imported<Module> (name: string, code: string): Promise<Module> {
    const file = join(folder, `${name}.mjs`)
    writeFileSync(file, transpiled(code))
    return await import(pathToFileURL(file).href)
  }
  interface Server { confirmed (app: FastifyInstance): Promise<void> }
  const { confirmed } = await imported<Server>('server', block(PAGE, 'async function confirmed').code)
  const { url, person, now, wait } = await served(t, { routes: confirmed })
  const alice = await person('alice')
  const phone = await alice.enroll()

  const shown: string[] = []
  const brought: Array<string | null> = []
  Object.assign(globalThis, {
    async fetchOfAlice (input: string, init?: RequestInit) {
      brought.push(new Headers(init?.headers).get('totp-code'))
      return await alice.fetch(input, init)
    },
    async showDialog (title: string) {
      shown.push(title)
      wait(30)
      return phone.code(now())
    }
  })
  t.teardown(() => ['fetchOfAlice', 'showDialog'].forEach(name => Reflect.deleteProperty(globalThis, name)))
  const page = block(PAGE, 'showDialog').code
    .replace('createTotpClient()', `createTotpClient({ prefix: '${url}/totp' })`)
    .replace('withTotp(fetch,', 'withTotp(fetchOfAlice,')
    .replaceAll(/(['`])\/payments/g, `$1${url}/payments`)
  const { pay } = await imported<{ pay (to: string, amount: number): Promise<Response> }>('page', page)

  const payment = await (await pay('Bob', 5)).json() as { id: string }
  t.match(payment, { to: 'Bob', amount: 5, sent: true })
  t.same(shown, ['Enter a code to send €5 to Bob'])
  const [code = ''] = brought.filter(code => code !== null)
  t.equal(brought.length, 3, 'created, refused, sent')

  const send = `${url}/payments/${payment.id}/send`
  t.equal((await alice.fetch(send, { method: 'POST', headers: { 'totp-code': code } })).status, 403, 'the code is spent')
  t.match(await (await alice.fetch(`${url}/payments/${payment.id}`)).json(), { sent: true }, 'no code is needed to ask')
})
