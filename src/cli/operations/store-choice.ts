import { parseArgs, type ParseArgsConfig } from 'node:util'
import type { Environment } from '../command.js'
import { reasonOf, UsageError } from '../failure.js'

/** The store that a command works on. */
export type StoreChoice =
  | { readonly kind: 'postgres', readonly url: string, readonly table?: string, readonly schema?: string }
  | { readonly kind: 'redis', readonly url: string, readonly prefix?: string, readonly allowLoss: boolean }
  | { readonly kind: 'module', readonly path: string }

/** The arguments of a command that works on a store. */
export interface StoreArguments {
  readonly choice: StoreChoice
  /** The file of the keys; null if the environment has them. */
  readonly keysFile: string | null
  /** True if the output is for programs. */
  readonly json: boolean
}

/** The options for the store in `--help`; one of the first three is required. */
export const STORE_HELP = `  --database-url <url>  entities in PostgreSQL (or the variable DATABASE_URL); needs the package pg
  --redis-url <url>     entities in Redis (or the variable REDIS_URL); needs the package ioredis
  --store <module>      a store of your own: an ES module whose default export is the store or a function that
                        returns it; its export "close", if there is one, is called at the end
  --table <name>        table in PostgreSQL (totp_entities)
  --schema <name>       schema of the table (from the search path)
  --prefix <text>       prefix of all keys in Redis (totp:)
  --allow-loss          accepts a Redis server that may lose documents
`

/** The option for the keys in `--help`. */
export const KEYS_HELP = '  --keys <file>         file of the keys\n'

/** Options that only some commands have. */
type ExtraOption = 'json' | 'keys'

const STORE = {
  'database-url': { type: 'string' },
  'redis-url': { type: 'string' },
  store: { type: 'string' },
  table: { type: 'string' },
  schema: { type: 'string' },
  prefix: { type: 'string' },
  'allow-loss': { type: 'boolean' }
} as const

/** The options that apply to each kind of store, and its name. */
const KINDS: Readonly<Record<StoreChoice['kind'], readonly [name: string, options: readonly string[]]>> = {
  postgres: ['PostgreSQL', ['database-url', 'table', 'schema']],
  redis: ['Redis', ['redis-url', 'prefix', 'allow-loss']],
  module: ['a store of your own', ['store']]
}

const EXTRA = { json: { type: 'boolean' }, keys: { type: 'string' } } as const

/** Parses the arguments of a command that works on a store. Throws `UsageError` for invalid ones. */
export function parseStoreArguments (
  command: string, extra: readonly ExtraOption[], args: readonly string[], env: Environment['env']
): StoreArguments {
  const values = parse(command, extra, args)
  const { keys: keysFile = null, json = false } = values
  const choice = choiceOf(values, env)
  const [name, applicable] = KINDS[choice.kind]
  const [foreign] = Object.keys(values).filter(option => option in STORE && !applicable.includes(option))
  if (foreign !== undefined) throw new UsageError(`--${foreign} doesn't apply to ${name}`)
  return { choice, keysFile, json }
}

type Values = ReturnType<typeof parse>

function parse (command: string, extra: readonly ExtraOption[], args: readonly string[]) {
  const help = `see fastify-verify-totp ${command} --help`
  const { values, positionals } = parseOptions(help, args)
  // The message doesn't quote the argument, which may be a URL with a password.
  if (positionals.length > 0) throw new UsageError(`${command} takes only options: ${help}`)
  const [foreign] = Object.keys(values).filter(name => name in EXTRA && !extra.some(known => known === name))
  if (foreign !== undefined) throw new UsageError(`${command} has no option --${foreign}: ${help}`)
  return values
}

function parseOptions (help: string, args: readonly string[]) {
  const options = { ...STORE, ...EXTRA } satisfies ParseArgsConfig['options']
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`${reasonOf(error).replace(/\..*/, '')}: ${help}`)
  }
}

function choiceOf (values: Values, env: Environment['env']): StoreChoice {
  const isNamed = [values['database-url'], values['redis-url'], values.store].some(value => value !== undefined)
  const databaseUrl = values['database-url'] ?? (isNamed ? undefined : env['DATABASE_URL'])
  const redisUrl = values['redis-url'] ?? (isNamed ? undefined : env['REDIS_URL'])
  const choices = [
    ...(databaseUrl === undefined ? [] : [postgresChoice(databaseUrl, values)]),
    ...(redisUrl === undefined ? [] : [redisChoice(redisUrl, values)]),
    ...(values.store === undefined ? [] : [{ kind: 'module', path: values.store } as const])
  ]
  const [choice, another] = choices
  if (choice === undefined || another !== undefined) {
    throw new UsageError('name one store, with --database-url, --redis-url or --store')
  }
  return choice
}

function postgresChoice (url: string, { table, schema }: Values): StoreChoice {
  requireUrl('--database-url', url, ['postgres:', 'postgresql:'])
  return {
    kind: 'postgres',
    url,
    ...(table === undefined ? {} : { table }),
    ...(schema === undefined ? {} : { schema })
  }
}

function redisChoice (url: string, { prefix, 'allow-loss': allowLoss = false }: Values): StoreChoice {
  requireUrl('--redis-url', url, ['redis:', 'rediss:'])
  return { kind: 'redis', url, allowLoss, ...(prefix === undefined ? {} : { prefix }) }
}

/** The error names the option without quoting the URL, which may have a password. */
function requireUrl (option: string, text: string, protocols: readonly string[]): void {
  if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return
  throw new UsageError(`${option} must be a URL such as ${protocols[0]}//user@host`)
}
