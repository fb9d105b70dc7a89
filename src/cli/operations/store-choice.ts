import { parseArgs, type ParseArgsConfig } from 'node:util'
import type { Surroundings } from '../command.js'
import { reasonOf, UsageError } from '../failure.js'

/** Where the entities are. */
export type StoreChoice =
  | { readonly kind: 'postgres', readonly url: string, readonly table?: string, readonly schema?: string }
  | { readonly kind: 'redis', readonly url: string, readonly prefix?: string, readonly allowLoss: boolean }
  | { readonly kind: 'module', readonly path: string }

/** What a command that works on a store was asked to do. */
export interface StoreCommandOptions {
  readonly choice: StoreChoice
  /** The file of the keys; null for the environment. */
  readonly keysFile: string | null
  /** Whether to print what a program reads. */
  readonly json: boolean
}

/** What `--help` says about the store; one of the first three is needed. */
export const STORE_HELP = `  --database-url <url>  entities in PostgreSQL (or the variable DATABASE_URL); needs the package pg
  --redis-url <url>     entities in Redis (or the variable REDIS_URL); needs the package ioredis
  --store <module>      a store of your own: an ES module whose default export is the store, or a function that
                        makes it; its export "close", if there is one, is called in the end
  --table <name>        table in PostgreSQL (totp_entities)
  --schema <name>       schema of the table (the search path's)
  --prefix <text>       what the names of all keys in Redis begin with (totp:)
  --allow-loss          goes on with a Redis server that may lose documents
`

/** The options that are not every command's. */
type Own = 'json' | 'keys'

const STORE = {
  'database-url': { type: 'string' },
  'redis-url': { type: 'string' },
  store: { type: 'string' },
  table: { type: 'string' },
  schema: { type: 'string' },
  prefix: { type: 'string' },
  'allow-loss': { type: 'boolean' }
} as const

/** Which of them go together. */
const OPTIONS_OF: Readonly<Record<StoreChoice['kind'], readonly string[]>> = {
  postgres: ['database-url', 'table', 'schema'],
  redis: ['redis-url', 'prefix', 'allow-loss'],
  module: ['store']
}

const OWN = { json: { type: 'boolean' }, keys: { type: 'string' } } as const

/** Reads the arguments of a command that works on a store. Throws `UsageError` for what makes no sense. */
export function storeOptionsOf (
  command: string, own: readonly Own[], args: readonly string[], env: Surroundings['env']
): StoreCommandOptions {
  const values = parsed(command, own, args)
  const { keys: keysFile = null, json = false } = values
  const choice = choiceOf(values, env)
  const fitting = OPTIONS_OF[choice.kind]
  const [foreign] = Object.keys(values).filter(name => name in STORE && !fitting.includes(name))
  if (foreign !== undefined) throw new UsageError(`--${foreign} is of another store: one is needed`)
  return { choice, keysFile, json }
}

type Values = ReturnType<typeof parsed>

function parsed (command: string, own: readonly Own[], args: readonly string[]) {
  const help = `see fastify-verify-totp ${command} --help`
  const { values, positionals } = understood(help, args)
  // Not with what it is: that may be a URL with a password.
  if (positionals.length > 0) throw new UsageError(`${command} takes options only: ${help}`)
  const [foreign] = Object.keys(values).filter(name => name in OWN && !own.some(known => known === name))
  if (foreign !== undefined) throw new UsageError(`${command} has no --${foreign}: ${help}`)
  return values
}

function understood (help: string, args: readonly string[]) {
  const options = { ...STORE, ...OWN } satisfies ParseArgsConfig['options']
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`${reasonOf(error).replace(/\..*/, '')}: ${help}`)
  }
}

function choiceOf (values: Values, env: Surroundings['env']): StoreChoice {
  const named = [values['database-url'], values['redis-url'], values.store].some(value => value !== undefined)
  const databaseUrl = values['database-url'] ?? (named ? undefined : env['DATABASE_URL'])
  const redisUrl = values['redis-url'] ?? (named ? undefined : env['REDIS_URL'])
  const { store, table, schema, prefix, 'allow-loss': allowLoss = false } = values
  const choices: StoreChoice[] = []
  if (databaseUrl !== undefined) {
    requireUrl('--database-url', databaseUrl, ['postgres:', 'postgresql:'])
    choices.push({
      kind: 'postgres',
      url: databaseUrl,
      ...(table === undefined ? {} : { table }),
      ...(schema === undefined ? {} : { schema })
    })
  }
  if (redisUrl !== undefined) {
    requireUrl('--redis-url', redisUrl, ['redis:', 'rediss:'])
    choices.push({ kind: 'redis', url: redisUrl, allowLoss, ...(prefix === undefined ? {} : { prefix }) })
  }
  if (store !== undefined) choices.push({ kind: 'module', path: store })
  const [choice, another] = choices
  if (choice === undefined || another !== undefined) {
    throw new UsageError('one store is needed: --database-url, --redis-url or --store')
  }
  return choice
}

/** The message has the option's name, and not the URL: that may have a password. */
function requireUrl (option: string, text: string, protocols: readonly string[]): void {
  if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return
  throw new UsageError(`${option} must be a URL such as ${protocols[0]}//user@host`)
}
