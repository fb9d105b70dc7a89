import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Contender, Row } from './row.js'

const PACKAGE = new URL('../../../dist/index.js', import.meta.url).href
const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const NEVER = ['twilio', 'pg', 'ioredis', 'redis']

/** A program, and the milliseconds that it prints. */
interface Timed { readonly name: string, readonly program: string }

const FASTIFY: Timed = {
  name: 'fastify alone',
  program: "const begin = performance.now(); await import('fastify'); console.log(performance.now() - begin)"
}
const OURS: Timed = {
  name: 'ours, beside fastify',
  program: `await import('fastify'); const begin = performance.now()
    await import('${PACKAGE}'); console.log(performance.now() - begin)`
}
const ROUTES: Timed = {
  name: 'ours: registering the plugin with its routes',
  program: `${boot()}; console.log(performance.now() - begin)`
}

/** What a process pays once. */
export const imports: Row = {
  name: 'import',
  title: 'importing the package into a process that has Fastify',
  unit: 'ms',
  rounds: 11,
  goals: [{ of: OURS.name, by: FASTIFY.name, atMost: 1 }, { of: ROUTES.name, by: FASTIFY.name }],
  async open () {
    const atBoot = await loadedBy(boot())
    const atEnrollment = await loadedBy(`${boot()}
      await app.inject({ method: 'POST', url: '/totp/factors', payload: {} })`)
    const early = [...NEVER, 'qrcode'].filter(name => atBoot.includes(name))
    if (early.length > 0) throw new Error(`registering the plugin has loaded ${early.join(', ')}`)
    if (!atEnrollment.includes('qrcode')) throw new Error('an enrollment has not loaded qrcode')
    return {
      contenders: [FASTIFY, OURS, ROUTES].map(timed),
      remarks: [`Registering it loads none of ${NEVER.join(', ')}; \`qrcode\` comes with the first enrollment.`],
      async close () {}
    }
  }
}

function timed ({ name, program }: Timed): Contender {
  return { name, measure: async () => Number(await printed(program)) }
}

/** The packages whose modules a program has loaded. */
async function loadedBy (program: string): Promise<string[]> {
  const listing = `${program}
    const { default: { _cache } } = await import('node:module')
    console.log(Object.keys(_cache).map(file => file.split('/node_modules/').at(-1).split('/')[0]).join())`
  return (await printed(listing)).trim().split(',')
}

function boot (): string {
  return `const { default: Fastify } = await import('fastify')
    const { default: plugin, memoryStore } = await import('${PACKAGE}')
    const begin = performance.now()
    const { randomBytes } = await import('node:crypto')
    const app = Fastify()
    await app.register(plugin, {
      issuer: 'Acme', keys: [randomBytes(32)], store: memoryStore(), identify: () => 'alice',
      session: { read: request => request.mark, write: (request, reply, mark) => { request.mark = mark } }
    })
    await app.ready()`
}

async function printed (program: string): Promise<string> {
  const args = ['--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: FOLDER })
  return stdout
}
