import swagger from '@fastify/swagger'
import t from 'tap'
import { site } from './site.js'

/** What each route answers: its success, and what it refuses with besides what every route has. */
const ROUTES: Readonly<Record<string, readonly number[]>> = {
  'get /totp/factors': [200],
  'post /totp/factors': [201, 409, 429],
  'post /totp/factors/{sid}/verify': [200, 404, 409, 429],
  'patch /totp/factors/{sid}': [200, 404, 429],
  'delete /totp/factors/{sid}': [200, 204, 404, 429],
  'post /totp/challenges': [200, 404, 429],
  'post /totp/recovery': [200],
  'post /totp/recovery-codes': [201, 429],
  'get /totp/browsers': [200, 429],
  'delete /totp/browsers/{sid}': [204, 429],
  'delete /totp/browsers': [204, 429],
  'delete /totp/approval': [200, 204]
}

const EVERYWHERE = [400, 401, 403, 413, 415, 500, 503]

interface Described {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

interface Operation {
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly parameters?: ReadonlyArray<{ readonly name: string, readonly in: string }>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: BodySchema }>> }
  readonly responses: Readonly<Record<string, { readonly description?: string }>>
}

interface BodySchema {
  readonly additionalProperties?: boolean
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, { readonly pattern?: string }>>
}

t.test('the generated description lists every route, with every status that it can answer', async t => {
  const { app, login, now } = await site(t, {
    host: async app => { await app.register(swagger, { openapi: { openapi: '3.1.0' } }) }
  })
  await app.ready()
  const described: Described = JSON.parse(JSON.stringify(app.swagger()))
  const operations = Object.entries(described.paths)
    .filter(([path]) => path.startsWith('/totp'))
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) =>
      [`${method} ${path}`, operation] as const))
    .filter(([name]) => !name.startsWith('head '))

  t.same(operations.map(([name]) => name).sort(), Object.keys(ROUTES).sort())
  for (const [name, { summary, tags, responses }] of operations) {
    const statuses = [...ROUTES[name] ?? [], ...EVERYWHERE].sort()
    t.same(Object.keys(responses).map(Number).sort(), statuses, name)
    t.match(summary, /^[A-Z].{10,}/, name)
    t.same(tags, ['totp'], name)
    for (const [status, { description }] of Object.entries(responses)) t.match(description, /^[A-Z]/, `${name} ${status}`)
  }

  const alice = await login('alice')
  await alice.enrollVerified(now())
  t.match(await alice.vault(), { status: 200 }, 'and the routes work as without it')
})

t.test('bodies are described as strict as they are', async t => {
  const { app } = await site(t, { host: async app => { await app.register(swagger, { openapi: {} }) } })
  await app.ready()
  const { paths }: Described = JSON.parse(JSON.stringify(app.swagger()))
  const body = (method: string, path: string) => paths[path]?.[method]?.requestBody?.content['application/json']?.schema

  for (const [method, path, required] of [
    ['post', '/totp/factors', undefined],
    ['post', '/totp/factors/{sid}/verify', ['code']],
    ['patch', '/totp/factors/{sid}', ['friendlyName']],
    ['post', '/totp/challenges', ['code']],
    ['post', '/totp/recovery', ['code']]
  ] as const) {
    const schema = body(method, path)
    t.equal(schema?.additionalProperties, false, path)
    t.same(schema?.required, required, path)
  }
  t.equal(body('get', '/totp/factors'), undefined)
  t.equal(body('delete', '/totp/factors/{sid}'), undefined)
  t.equal(body('delete', '/totp/approval'), undefined)

  const code = new RegExp(body('post', '/totp/challenges')?.properties?.code?.pattern ?? 'x', 'u')
  t.match('123456', code)
  t.notMatch('12345', code)
  t.same(paths['/totp/factors/{sid}']?.delete?.parameters?.map(({ name, in: place }) => [name, place]), [['sid', 'path']])
})

t.test('the host may have no description: summaries and tags harm nobody', async t => {
  const { login } = await site(t)
  t.match(await (await login('alice')).get('/totp/factors'), { status: 200 })
})
