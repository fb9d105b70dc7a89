import t from 'tap'
import { createTotpClient } from '../../src/client.js'
import { endpoints } from '../../src/http/endpoints.js'
import { codeIn, table } from './pages.js'

t.test('the table of methods has each of the client, and the endpoint that it asks', async t => {
  const rows = table('docs/single-page-apps.md', 'method').map(([method = '', endpoint = '']) =>
    [codeIn(method)[0] ?? '', codeIn(endpoint)[0] ?? ''] as const)
  const ofToken = ['token', 'setToken', 'replaceToken']
  t.strictSame(rows.map(([method]) => method.replace(/\(.*/, '')),
    Object.keys(createTotpClient()).filter(name => !ofToken.includes(name)))
  t.strictSame(rows.map(([, endpoint]) => endpoint), endpoints.map(({ method, path }) => `${method} ${path}`))

  for (const [call, endpoint] of rows) {
    const [, name = '', inputs = ''] = /^(\w+)\((.*)\)$/.exec(call) ?? []
    const asked: string[] = []
    const totp = createTotpClient({
      fetch: async (url, init) => {
        asked.push(`${init?.method} ${String(url)}`)
        return new Response(null, { status: 204 })
      }
    })
    const values = inputs === '' ? [] : inputs.startsWith('{') ? [{}] : inputs.split(', ')
    await Reflect.apply(Reflect.get(totp, name), totp, values)
    t.strictSame(asked.map(decodeURIComponent), [endpoint.replace(' ', ' /totp').replace(':', '')], name)
  }
})
