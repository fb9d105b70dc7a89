import { approvalOf } from '../entity/approvals.js'
import { claimsOf, type TotpClaims } from '../entity/claims.js'
import { markOf } from '../entity/mark.js'
import { getOwn } from '../own-property.js'
import { sessionOf, type SessionCaller } from './caller.js'
import type { VerifierContext } from './context.js'

/**
 * What a new token of the session has to say. After the approval has ended, that is the mark alone: it still
 * belongs to the session, whose next challenge and logout need it.
 */
export async function claims (context: VerifierContext, caller: SessionCaller): Promise<TotpClaims> {
  const session = sessionOf(caller)
  const mark = session && markOf(getOwn(caller.session, 'mark'))
  if (session === null || mark === null) return {}
  const { document: entity, now } = await context.entities.read(caller)
  const approval = entity && approvalOf(entity, session, context, now)
  return claimsOf(context.claims, mark, approval)
}
