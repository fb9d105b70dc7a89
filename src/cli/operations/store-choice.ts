import { parseArgs, type ParseArgsConfig } from 'node:util'
import type { Environment } from '../command.js'
import { reasonOf, UsageError } from '../failure.js'

/** The store that a command works on. */
export type StoreChoice =
  | { readonly kind: 'postgres', readonly url: string, readonly table?: string, readonly schema?: string }
  | { readonly kind: 'redis', readonly url: string, readonly prefix?: string, readonly allowLoss: boolean }
  | { readonly kind: 'module', readonly path: string }

/** What a command that works on a store takes. */
export interface StoreCommand {
  readonly name: string
  /** The options that it has beside those for the store. */
  readonly options: readonly ExtraOption[]
  /** The names of its arguments, in their order, all of them required. @default none */
  readonly operands?: readonly string[]
}

/** The arguments of a command that works on a store. */
export interface StoreArguments {
  readonly choice: StoreChoice
  /** The arguments that aren't options: as many as the command has operands. */
  readonly operands: readonly string[]
  /** The file of the keys; null if the environment has them. */
  readonly keysFile: string | null
  /** True if the output is for programs. */
  readonly json: boolean
  /** True if the command asks no question. */
  readonly yes: boolean
  /** The text of `--for`. */
  readonly for: string | undefined
  /** The text of `--by`. */
  readonly by: string | undefined
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
export type ExtraOption = keyof typeof EXTRA

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

const EXTRA = {
  json: { type: 'boolean' },
  keys: { type: 'string' },
  yes: { type: 'boolean' },
  for: { type: 'string' },
  by: { type: 'string' }
} as const

/** Parses the arguments of a command that works on a store. Throws `UsageError` for invalid ones. */
export function parseStoreArguments (
  command: StoreCommand, args: readonly string[], env: Environment['env']
): StoreArguments {
  const { values, operands } = parse(command, args)
  const { keys: keysFile = null, json = false, yes = false, for: duration, by } = values
  const choice = choiceOf(values, env)
  const [name, applicable] = KINDS[choice.kind]
  const [foreign] = Object.keys(values).filter(option => option in STORE && !applicable.includes(option))
  if (foreign !== undefined) throw new UsageError(`--${foreign} doesn't apply to ${name}`)
  return { choice, operands, keysFile, json, yes, for: duration, by }
}

type Values = ReturnType<typeof parse>['values']

function parse ({ name, options, operands = [] }: StoreCommand, args: readonly string[]) {
  const help = `see fastify-verify-totp ${name} --help`
  const { values, positionals } = parseOptions(help, operands, args)
  if (positionals.length !== operands.length) {
    // The message doesn't quote the argument, which may be a URL with a password.
    const taken = operands.length === 0 ? 'only options' : `${operands.join(' and ')}, and options`
    throw new UsageError(`${name} takes ${taken}: ${help}`)
  }
  const known: readonly string[] = options
  const [foreign] = Object.keys(values).filter(name => name in EXTRA && !known.includes(name))
  if (foreign !== undefined) throw new UsageError(`${name} has no option --${foreign}: ${help}`)
  return { values, operands: positionals }
}

function parseOptions (help: string, operands: readonly string[], args: readonly string[]) {
  const options = { ...STORE, ...EXTRA } satisfies ParseArgsConfig['options']
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`${mistakeOf(error, operands)}: ${help}`)
  }
}

/** Node.js says more, in sentences that quote the argument. */
function mistakeOf (error: unknown, [operand]: readonly string[]): string {
  const mistake = reasonOf(error).replace(/\..*/, '')
  if (mistake.endsWith('is ambiguous')) return mistake.replace(/^.*?(--[\w-]+).*/, 'write $1=VALUE for a value that begins with -')
  if (operand === undefined || !mistake.startsWith('Unknown option')) return mistake
  return `${mistake}; put -- before an ${operand} that begins with -`
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
