import type { KeptEntity, KeptFactor } from '../../entity/kept.js'
import { CommandError, reasonOf, UsageError } from '../failure.js'
import { factorCount } from './factor-count.js'
import { terminalJson } from './terminal-json.js'
import { moveCommandLine } from './unfinished-move.js'
import {
  isUncertain, requireIdentity, userCommand, type StoreCall, type UserCall, type UserOutcome
} from './user-command.js'

/** Ends the approvals of a user. */
export const revokeCommand = userCommand({
  name: 'revoke',
  summary: 'ends every approval, remembered browser and pass of a user',
  about: `Ends every approval of one user, every remembered browser, an unfinished enrollment and a pass. It counts on
every server, with the next request. The user stays enrolled, and answers a challenge again: after a changed password,
or a lost laptop.`,
  async act ({ verifier, identity }) {
    await verifier.revoke(identity)
    return outcome({ identity, status: 'revoked' })
  }
})

/** Ends a lock. */
export const unlockCommand = userCommand({
  name: 'unlock',
  summary: 'ends a lock or the disabled state of a user',
  about: 'Clears the wrong codes of one user, and ends a lock and the disabled state. Factors and approvals stay.',
  async act ({ verifier, identity }) {
    await verifier.unlock(identity)
    return outcome({ identity, status: 'unlocked' })
  }
})

const PASSWORD_IS_ENOUGH =
  ' From then on the\npassword is enough to enroll another app; a pass would let the user in without that.'

/** Removes everything that is kept about a user. */
export const resetCommand = userCommand({
  name: 'reset',
  summary: 'removes everything that is kept about a user',
  about: `Removes every factor of one user, and everything else that is kept. From then on a password is enough to enroll
another app: for a user who lost their phone, "pass" is safer. For a user who is deleted, it is right.`,
  question: ({ identity, factors }) =>
    `This removes everything about ${terminalJson(identity)}, who has ${factorCount(factors.length)}.${PASSWORD_IS_ENOUGH}`,

  async act (call) {
    const { verifier, identity } = call
    await verifier.reset(identity)
    return await withLeftovers(call, { identity, status: 'reset' }, 'app.totp.reset')
  }
})

function factorsOf ({ factors, unverified }: KeptEntity): readonly KeptFactor[] {
  return unverified === null ? factors : [...factors, unverified]
}

/** Removes a factor. */
export const removeCommand = userCommand({
  name: 'remove',
  summary: 'removes one factor of a user',
  operands: ['FACTOR_SID'],
  about: `Removes one factor of a user, and ends every approval. FACTOR_SID is YF and 32 hex digits, as "show" prints it.
The last factor takes the recovery codes with it, and a password is then enough to enroll another app: for a user who
lost their only phone, "pass" is safer.`,
  check ({ operands: [factorSid = ''] }) {
    if (!/^YF[0-9a-f]{32}$/.test(factorSid)) throw new UsageError('FACTOR_SID must be YF and 32 hex digits')
  },
  requires (kept, { operands: [factorSid = ''] }) {
    const { leftovers } = kept
    if (leftovers.some(({ sid }) => sid === factorSid)) {
      throw new CommandError('this factor was removed already, but Twilio still has it: your app has to remove it again')
    }
    if (factorsOf(kept).some(({ sid }) => sid === factorSid)) return
    throw new CommandError(`this user has no factor ${factorSid}: "show" lists those that they have`)
  },
  question (kept, { operands: [factorSid] }) {
    const { identity, factors } = kept
    const which = factorsOf(kept).filter(({ sid }) => sid === factorSid).map(({ sid, friendlyName }) =>
      `${sid}, ${terminalJson(friendlyName)},`)
    const isLast = factors.length === 1 && factors.some(({ sid }) => sid === factorSid)
    return `This removes ${which.join()} of ${terminalJson(identity)}, who has ${factorCount(factors.length)}.` +
      (isLast ? PASSWORD_IS_ENOUGH : '')
  },

  async act (call) {
    const { verifier, identity, operands: [factorSid = ''] } = call
    await verifier.remove({ identity, operator: true }, factorSid)
    return await withLeftovers(call, { identity, status: 'removed', factorSid }, 'app.totp.remove')
  }
})

/** Moves a user to another identity. */
export const moveCommand = userCommand({
  name: 'move',
  summary: 'moves a user to another identity',
  operands: ['TO'],
  about: `Moves everything that is kept about one user to the identity TO, about which nothing may be kept. Rename the user
in your own tables only after this, and end all their sessions. If it is interrupted, the user is refused until you
run the same command again. It needs the keys of the servers, from the variable TOTP_KEYS or from a file.`,
  needsKeys: true,

  check ({ identity, operands: [to = ''] }) {
    requireIdentity(to, 'TO')
    if (identity === to) throw new UsageError('TO must be another identity')
  },
  actsOnClosed: ({ movingTo }, { operands: [to] }) => movingTo === to,
  question: ({ identity, factors }, { operands: [to] }) =>
    `This moves ${terminalJson(identity)}, who has ${factorCount(factors.length)}, to ${terminalJson(to)}.`,

  async act (call) {
    const { identity, operands: [to = ''] } = call
    await moved(call, to)
    return moveOutcome({ identity, status: 'moved', to }, [])
  },

  async actWithoutUser (call) {
    const { verifier, identity, operands: [to = ''] } = call
    const present = await verifier.entity(to)
    if (present === null) return null
    await moved(call, to)
    if (present.movingTo === to) return moveOutcome({ identity, status: 'moved', to }, [])
    return moveOutcome({ identity, status: 'present', to }, [
      `nothing is kept about ${terminalJson(identity)}: unless that is misspelt, its move to ${terminalJson(to)} is finished`
    ])
  }
})

/** Says after a failure how to finish the move, because until then the user is refused. */
async function moved (call: StoreCall, to: string): Promise<void> {
  const { verifier, identity } = call
  try {
    await verifier.move(identity, to)
  } catch (error) {
    const closed = await closedBy(call, to).catch(() => undefined)
    if (closed === null && !isUncertain(error)) throw error
    const refused = closed == null ? 'the user may be' : `${terminalJson(closed)} is`
    throw new CommandError(`${refused} refused until you run ${moveCommandLine(identity, to)} again: ${reasonOf(error)}`)
  }
}

/** The identity that the move has left closed; null if it is neither. */
async function closedBy ({ verifier, identity }: StoreCall, to: string): Promise<string | null> {
  const kept = await Promise.all([identity, to].map(async name => await verifier.entity(name)))
  return kept.find(entity => entity?.movingTo === to)?.identity ?? null
}

/** Printed with `--json`. */
interface Result extends Pick<UserCall, 'identity'> {
  readonly status: string
  readonly factorSid?: string
  readonly to?: string
}

function outcome (result: Result): UserOutcome {
  return { json: result, text: `${terminalJson(result.identity)}: ${result.status}` }
}

function moveOutcome (result: Result, notes: readonly string[]): UserOutcome {
  return {
    ...outcome(result),
    notes: [...notes, 'now rename the user in your own tables, and end the sessions of both identities']
  }
}

/** The command has no client of Twilio. It has acted already, so it doesn't fail if the store does now. */
async function withLeftovers (
  { verifier, identity }: StoreCall, result: Result, method: string
): Promise<UserOutcome> {
  const leftovers = await verifier.entity(identity).then(sidsOfLeftovers, () => null)
  const { json, text } = outcome(result)
  return { json: { ...json, leftovers }, text, notes: notesOn(leftovers, method) }
}

function sidsOfLeftovers (kept: KeptEntity | null): readonly string[] {
  return kept === null ? [] : kept.leftovers.map(({ sid }) => sid)
}

function notesOn (leftovers: readonly string[] | null, method: string): readonly string[] {
  if (leftovers === null) return ['the store failed after that: check with show whether Twilio still has factors of this user']
  if (leftovers.length === 0) return []
  return [`Twilio still has ${factorCount(leftovers.length)} of this user: call ${method} in your app, which deletes them there`]
}
