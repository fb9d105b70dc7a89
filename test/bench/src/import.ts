import { packagesLoadedBy, printedBy } from './programs.js'
import type { Contender, Row } from './row.js'

const PACKAGE = new URL('../../../dist/index.js', import.meta.url).href
const NEVER = ['twilio', 'pg', 'ioredis', 'redis']

/** A program for a process of its own, which prints what it measured. */
interface Timed { readonly name: string, readonly program: string }

const FASTIFY_ALONE = "const { default: Fastify } = await import('fastify')"
const PACKAGE_TOO = `
  const { default: plugin, memoryStore } = await import('${PACKAGE}')
  const keys = [Buffer.alloc(32, 'key')]`
const BOTH_PACKAGES = `${FASTIFY_ALONE}\n${PACKAGE_TOO}`
const FIRST_ROUTE = `
  const text = { type: 'string' }
  const properties = { code: text }
  const schema = {
    body: { type: 'object', required: ['code'], properties, additionalProperties: false },
    response: { 200: { type: 'object', required: ['code'], properties } }
  }
  app.post('/first', { schema }, async request => request.body)`
const PLUGIN = `
  await app.register(plugin, {
    issuer: 'Acme', keys, store: memoryStore(), identify: () => 'alice',
    session: { read: request => request.mark, write: (request, reply, mark) => { request.mark = mark } }
  })`
const READY = 'await app.ready()'

const FASTIFY = { name: 'fastify alone', program: timed('', FASTIFY_ALONE) }
const OURS = { name: 'ours, beside fastify', program: timed(FASTIFY_ALONE, PACKAGE_TOO) }
// Both sides of this comparison import what they use before their clock starts. From there on they make a
// server, give it routes, and wait until it is ready.
const ROUTES = {
  name: 'ours: registering the plugin with its routes',
  program: timed(BOTH_PACKAGES, boot(PLUGIN))
}
const FIRST = {
  name: 'a first route with schemas on a bare Fastify',
  program: timed(FASTIFY_ALONE, boot(FIRST_ROUTE))
}
const BESIDE = {
  name: 'that route, and ours registered beside it',
  program: timed(BOTH_PACKAGES, boot(FIRST_ROUTE, PLUGIN))
}
const WHOLE = {
  name: 'ours: importing it, and registering the plugin with its routes',
  program: timed(FASTIFY_ALONE, `${PACKAGE_TOO}\n${boot(PLUGIN)}`)
}

/** What a process pays once. */
export const imports: Row = {
  name: 'import',
  title: 'importing the package into a process that has Fastify, and registering it',
  unit: 'ms',
  rounds: 11,
  turns: 3,
  goals: [
    { of: OURS.name, to: FASTIFY.name, atMost: 1 },
    { of: ROUTES.name, to: FIRST.name, atMost: 1.2 },
    { of: ROUTES.name, to: FASTIFY.name },
    { of: BESIDE.name, to: FIRST.name },
    { of: WHOLE.name, to: FIRST.name }
  ],
  async open () {
    await requireLoading()
    return {
      contenders: [FASTIFY, OURS, ROUTES, FIRST, BESIDE, WHOLE].map(contenderOf),
      remarks: [
        `Registering it loads none of ${NEVER.join(', ')}; \`qrcode\` comes with the first enrollment.`,
        'Where a name says nothing of importing, Fastify and the package are imported before the clock starts. ' +
          'The first route has schemas of its body and its answer, for which Fastify loads Ajv and fast-json-stringify.'
      ],
      async close () {}
    }
  }
}

function contenderOf ({ name, program }: Timed): Contender {
  return {
    name,
    async measure () {
      const [figure = NaN, cpu = NaN] = (await printedBy(program)).split(' ').map(Number)
      return { figure, cpu }
    }
  }
}

/** A program that prints the milliseconds of its second part, by the clock and of processor time. */
function timed (prepare: string, act: string): string {
  return `${prepare}
    const [begin, before] = [performance.now(), process.cpuUsage()]
    ${act}
    const [end, { user, system }] = [performance.now(), process.cpuUsage(before)]
    console.log(end - begin, (user + system) / 1000)`
}

function boot (...parts: string[]): string {
  return ['const app = Fastify()', ...parts, READY].join('\n')
}

/** Throws if a package is loaded too early, too late, or not at all. */
async function requireLoading (): Promise<void> {
  const atBoot = await packagesLoadedBy(`${BOTH_PACKAGES}\n${boot(PLUGIN)}`)
  const atEnrollment = await packagesLoadedBy(`${BOTH_PACKAGES}\n${boot(PLUGIN)}
    await app.inject({ method: 'POST', url: '/totp/factors', payload: {} })`)
  const atFirstRoute = await packagesLoadedBy(`${BOTH_PACKAGES}\n${boot(FIRST_ROUTE)}`)
  const early = [...NEVER, 'qrcode'].filter(name => atBoot.includes(name))
  if (early.length > 0) throw new Error(`registering the plugin has loaded ${early.join(', ')}`)
  if (!atEnrollment.includes('qrcode')) throw new Error('an enrollment has not loaded qrcode')
  const absent = ['ajv', 'fast-json-stringify'].filter(name => !atFirstRoute.includes(name))
  if (absent.length > 0) throw new Error(`the first route has not loaded ${absent.join(', ')}`)
}
