import { randomBytes } from 'node:crypto'
import type { EntityStore } from '../../documents/store.js'
import { LONGEST_REMEMBERED } from '../../entity/browsers.js'
import { isIdentity } from '../../entity/identity.js'
import type { KeptEntity } from '../../entity/kept.js'
import { StoreError } from '../../errors.js'
import { LONGEST_AGE, settingsOf } from '../../options.js'
import { setUpVerifier } from '../../setup.js'
import type { Verifier } from '../../verifier/verifier.js'
import type { Command, Environment } from '../command.js'
import { CommandError, reasonOf, UnknownIdentityError, UsageError } from '../failure.js'
import { neededKeys } from '../keys.js'
import { confirm } from './confirm.js'
import { withStore } from './open-store.js'
import {
  KEYS_HELP, parseStoreArguments, STORE_HELP, type ExtraOption, type StoreArguments, type StoreCommand
} from './store-choice.js'
import { shellWord, terminalJson } from './terminal-json.js'
import { unfinishedMove } from './unfinished-move.js'

/** A command about one user. */
export interface UserCommand {
  readonly name: string
  readonly summary: string
  /** Tells in `--help` what the command does, in lines of at most 120 characters. */
  readonly about: string
  /** Its arguments after the identity. @default none */
  readonly operands?: readonly string[]
  /** The options that no other command has. @default none */
  readonly ownOptions?: ReadonlyArray<{ readonly name: ExtraOption, readonly help: string }>
  /** True if it opens secrets. @default false */
  readonly needsKeys?: boolean
  /** Throws `UsageError` for wrong arguments, before the store is opened. */
  check? (given: GivenArguments): void
  /** Whether it acts on a user whose move wasn't finished. @default it doesn't */
  actsOnClosed? (kept: KeptEntity, given: GivenArguments): boolean
  /** Throws `CommandError` if it can't be carried out for this user, before anything is asked. */
  requires? (kept: KeptEntity, given: GivenArguments): void
  /** Asked before it is carried out, if that can't be undone. */
  question? (kept: KeptEntity, given: GivenArguments): string
  act (call: UserCall): Promise<UserOutcome>
  /** Acts where nothing is kept about the user. Null if there is nothing to do. @default there isn't */
  actWithoutUser? (call: StoreCall): Promise<UserOutcome | null>
}

/** The arguments of a command about one user. */
export interface GivenArguments extends Pick<StoreArguments, 'operands' | 'for' | 'by'>, Pick<Environment, 'env'> {
  readonly identity: string
  /** Those after the identity. */
  readonly operands: readonly string[]
}

/** What a command works with where nothing is kept about the user. */
export interface StoreCall extends GivenArguments {
  readonly verifier: Verifier
}

/** What a command about one user works with. */
export interface UserCall extends StoreCall {
  /** What is kept about the user, as it was when the command began. */
  readonly kept: KeptEntity
}

/** The outcome of a command. */
export interface UserOutcome {
  /** Printed with `--json`. */
  readonly json: object
  /** Printed without it. */
  readonly text: string
  /** Printed to stderr, in either case. @default nothing */
  readonly notes?: readonly string[]
}

/** The command for the program: it finds the user, asks if need be, acts, and prints. */
export function userCommand (definition: UserCommand): Command {
  const { name, summary, needsKeys = false } = definition
  const command = storeCommandOf(definition)
  return {
    summary,
    help: helpOf(definition),

    async run (args, environment) {
      const parsed = parseStoreArguments(command, args, environment.env)
      const { choice, operands: [identity = '', ...operands], keysFile } = parsed
      const given = { identity, operands, for: parsed.for, by: parsed.by, env: environment.env }
      requireIdentity(identity, 'IDENTITY')
      definition.check?.(given)
      const keys = needsKeys ? await neededKeys(name, keysFile, environment.env) : NO_KEYS
      await withStore(choice, async store => {
        const verifier = verifierOver(store, keys)
        const kept = await verifier.entity(identity)
        const call = { ...given, verifier }
        const outcome = kept === null
          ? await definition.actWithoutUser?.(call)
          : await agreed(definition, environment, { ...call, kept }, parsed.yes)
        if (outcome == null) throw new UnknownIdentityError()
        print(environment, outcome, parsed.json)
      }, ['get', 'replace'])
    }
  }
}

/** Acts if that can be done, and the user at the terminal agrees. */
async function agreed (
  definition: UserCommand, environment: Environment, call: UserCall, yes: boolean
): Promise<UserOutcome> {
  const { actsOnClosed, requires, question } = definition
  const { kept } = call
  if (kept.movingTo !== null && actsOnClosed?.(kept, call) !== true) {
    throw new CommandError(`a move was interrupted: ${unfinishedMove(kept.identity, kept.movingTo)}`)
  }
  requires?.(kept, call)
  if (question !== undefined && !yes) await confirm(environment, question(kept, call))
  return await acted(definition, call)
}

async function acted ({ name, act }: UserCommand, call: UserCall): Promise<UserOutcome> {
  try {
    return await act(call)
  } catch (error) {
    if (!isUncertain(error)) throw error
    const { identity } = call
    const doubt = `${name} of ${terminalJson(identity)} may not have been carried out: check with show ${shellWord(identity)}`
    throw new CommandError(`${doubt}: ${reasonOf(error)}`)
  }
}

/** Whether a failure doesn't tell if something was written: the answer of the store may have got lost. */
export function isUncertain (error: unknown): boolean {
  if (!(error instanceof StoreError)) return false
  // These were found before anything was written.
  return !(error.cause instanceof Error && ['UnfitError', 'UnsealableError'].includes(error.cause.name))
}

function storeCommandOf (
  { name, operands = [], ownOptions = [], needsKeys = false, question }: UserCommand
): StoreCommand {
  return {
    name,
    operands: ['IDENTITY', ...operands],
    options: [
      'json',
      ...needsKeys ? ['keys'] as const : [],
      ...question === undefined ? [] : ['yes'] as const,
      ...ownOptions.map(option => option.name)
    ]
  }
}

/** Throws `UsageError` for text that no identity can be; `name` is that of the argument. */
export function requireIdentity (text: string, name: string): void {
  if (!isIdentity(text)) throw new UsageError(`${name} must have 1 to 256 bytes`)
}

/** Seals nothing and opens nothing: only commands that open secrets are given keys. */
const NO_KEYS = [randomBytes(32)]

/**
 * A verifier for operators. Each write drops what has expired. The servers' options aren't known here, so
 * this has the highest ones: a command must not end what the servers still count.
 */
function verifierOver (store: EntityStore, keys: readonly Uint8Array[]): Verifier {
  const settings = settingsOf({
    issuer: 'operator',
    keys,
    store,
    // Never called: a command has no requests.
    identify: String,
    maxAge: LONGEST_AGE,
    freshness: LONGEST_AGE,
    remember: { for: LONGEST_REMEMBERED }
  })
  // Without a listener there are no events, and nothing that could fail.
  return setUpVerifier(settings, () => {}).verifier
}

function print (
  { stdout, stderr }: Environment, { json, text, notes = [] }: UserOutcome, isJson: boolean
): void {
  stdout.write(`${isJson ? terminalJson(json) : text}\n`)
  for (const note of notes) stderr.write(`${note}\n`)
}

function helpOf (
  { name, about, operands = [], ownOptions = [], needsKeys = false, question }: UserCommand
): string {
  return [
    `Usage: fastify-verify-totp ${[name, 'IDENTITY', ...operands].join(' ')} [options]`,
    '',
    about,
    '',
    'IDENTITY is the user\'s id as your "identify" returns it, byte by byte. Put -- before one that begins with -.',
    '',
    STORE_HELP + (needsKeys ? KEYS_HELP : '') + ownOptions.map(option => option.help).join('') +
      (question === undefined ? '' : '  --yes                 asks no question\n') +
      '  --json                prints one line of JSON\n' +
      '  --help                prints this help\n'
  ].join('\n')
}
