import { memoryStore, type EntityStore, type FastifyTotpOptions } from '../../src/index.js'
import { site, type Site } from '../site.js'

/** A site with pages that browsers can reach, and with pages of its own. */
export interface OpenSite extends Site {
  readonly url: string
  /** How often recovery codes were created. */
  created (): number
}

/** The site's own pages: a login by GET, a form, and guards of every kind. */
export async function openSite (
  t: { after (fn: () => Promise<void>): void },
  totp: Partial<FastifyTotpOptions> = {},
  store: EntityStore = memoryStore()
): Promise<OpenSite> {
  const open = await site(t, {
    totp: {
      pages: { brand: { name: 'Acme' }, insecure: true },
      remember: { for: 30 * 86_400, insecure: true },
      ...totp,
      store
    },
    routes: app => {
      const { required } = app.totp
      app.get<{ Querystring: { user: string } }>('/enter', async (request, reply) => {
        await request.session.regenerate()
        request.session.userId = request.query.user
        await app.totp.forget(request, reply)
        return {}
      })
      app.get('/leave', async (request, reply) => {
        await request.session.destroy()
        return await reply.code(204).send()
      })
      app.get('/', async () => ({ page: 'home' }))
      app.get('/recent', { preHandler: required({ maxAge: 60 }) }, async () => ({ page: 'recent' }))
      app.get('/recovered', { preHandler: required({ methods: ['recovery'] }) }, async () => ({ page: 'recovered' }))
      app.get('/form', async (_request, reply) => await reply.type('text/html').send(FORM))
      app.post('/pay', { preHandler: required({ maxAge: 60 }) }, async () => ({ page: 'paid' }))
    }
  })
  await open.app.listen({ port: 0, host: '127.0.0.1' })
  return {
    ...open,
    url: open.app.listeningOrigin,
    created: () => open.events.filter(({ type }) => type === 'recovery.created').length
  }
}

/** As plain text, which every framework takes without a parser of the host. */
const FORM = `<!doctype html>
<html lang="en"><title>Pay</title><h1>Pay</h1>
<form method="post" action="/pay" enctype="text/plain"><button>Pay now</button></form></html>`
