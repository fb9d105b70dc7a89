import { userInfo } from 'node:os'
import { PASS_OPTIONS } from '../../verifier/operator.js'
import type { Environment } from '../command.js'
import { CommandError, UsageError } from '../failure.js'
import { terminalJson } from './terminal-json.js'
import { userCommand } from './user-command.js'
import { utcTime } from './utc-time.js'

/** Issues a pass. */
export const passCommand = userCommand({
  name: 'pass',
  summary: 'issues a code for a user who lost their phone',
  about: `Prints a code, in place of one from the lost phone, that lets the user in once, to add a new app. Make sure
first that it is the user who asks. A pass ends with the next approval, and "revoke" voids it.`,
  ownOptions: [
    { name: 'for', help: '  --for <seconds>       how long the pass may be used, 1 to 86400 (600)\n' },
    { name: 'by', help: '  --by <name>           who issues it, for your records (who runs the command; root has to say)\n' }
  ],

  check ({ for: duration, by, env }) {
    secondsOf(duration)
    requireName(by ?? userOfMachine(env))
  },
  requires ({ factors }) {
    if (factors.length > 0) return
    throw new CommandError('this user has no verified factor: they enroll after their next login, without a pass')
  },

  async act ({ verifier, identity, for: duration, env, by = userOfMachine(env) }) {
    const { code, expiresAt } = await verifier.pass(identity, { for: secondsOf(duration), by })
    return {
      json: { identity, status: 'issued', code, expiresAt, by },
      text: code,
      notes: [`a pass for ${terminalJson(identity)}, issued by ${terminalJson(by)}: it works once, until ${utcTime(expiresAt)}`]
    }
  }
})

function secondsOf (text = '600'): number {
  const seconds = Number(text)
  if (/^\d+$/.test(text) && PASS_OPTIONS.for.isValid(seconds)) return seconds
  throw new UsageError(`--for ${PASS_OPTIONS.for.expected}: seconds`)
}

function requireName (name: string): void {
  if (!PASS_OPTIONS.by.isValid(name)) throw new UsageError(`--by ${PASS_OPTIONS.by.expected}`)
}

/**
 * The name of the user who runs the process, under sudo of the one who called it. Throws `UsageError` where
 * the machine doesn't know: every operator in a container is root, or has no name.
 */
export function userOfMachine (
  { SUDO_USER: caller }: Environment['env'], ask: () => { readonly username: string } = userInfo
): string {
  const name = caller ?? nameFrom(ask)
  if (name === null) throw new UsageError('this machine doesn\'t know your name: say with --by who issues the pass')
  if (name === 'root') throw new UsageError('root can be any operator: say with --by who issues the pass')
  return name
}

function nameFrom (ask: () => { readonly username: string }): string | null {
  try {
    return ask().username
  } catch {
    return null
  }
}
