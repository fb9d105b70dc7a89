import type { Factor } from '../../entity/factors.js'
import { isFriendlyName } from '../../entity/friendly-name.js'
import { ChallengeRequiredError, FactorNotFoundError } from '../../errors.js'
import type { Factors } from '../../verifier/factors.js'
import type { Fields } from '../forms.js'
import type { AppRow, ManagePage } from '../page.js'
import { leadTo, wayBackTo, type Flow, type FlowContext, type Outcome, type Visit } from '../visit.js'

/** The user's apps, recovery codes and browsers. */
export const manage: Flow = {
  path: '/',
  isOn: () => true,

  async show (context, visit) {
    const page = await managePage(context, visit, null)
    // The page sends its user to the challenge first, and has to be there again afterwards.
    const isLeading = !page.isApproved && page.apps.length > 0
    return isLeading ? { page, returnTo: wayBackTo(context, visit, '/') } : { page }
  },

  actions: {
    rename: {
      fields: ['sid', 'friendlyName'],
      async act (context, visit, { sid = '', friendlyName = '' }) {
        if (!isFriendlyName(friendlyName)) {
          const page = await managePage(context, visit, { sid, typed: friendlyName })
          if (!page.isApproved) throw new ChallengeRequiredError(context.settings.freshness)
          const isGone = page.apps.every(app => app.sid !== sid)
          return isGone ? leadTo(context, visit, '/') : { page, status: 400 }
        }
        return await unlessGone(context, visit, async () => {
          await context.verifier.rename(visit.caller, sid, friendlyName)
          return leadTo(context, visit, '/', { done: 'renamed' })
        })
      }
    },

    remove: {
      fields: ['sid'],
      async act (context, visit, fields) {
        const apps = verifiedOf(await context.verifier.factors(visit.caller))
        // This form was made when there were more apps. It didn't say what is lost with the last one.
        const isLast = apps.length === 1 && apps[0]?.sid === fields.sid
        return isLast ? leadTo(context, visit, '/') : await removeApp(context, visit, fields)
      }
    },
    removeLast: { fields: ['sid'], act: removeApp }
  }
}

async function removeApp (context: FlowContext, visit: Visit, { sid = '' }: Fields): Promise<Outcome> {
  return await unlessGone(context, visit, async () => {
    await visit.keep(await context.verifier.remove(visit.caller, sid))
    return leadTo(context, visit, '/', { done: 'removed' })
  })
}

/** The list shows that an app is gone, as after a form that was sent twice. */
export async function unlessGone (
  context: FlowContext, visit: Visit, act: () => Promise<Outcome>
): Promise<Outcome> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof FactorNotFoundError)) throw error
    return leadTo(context, visit, '/')
  }
}

async function managePage (
  context: FlowContext, visit: Visit, refusedName: ManagePage['refusedName']
): Promise<ManagePage> {
  const { verifier, settings: { maxFactors, reenroll } } = context
  const found = await verifier.factors(visit.caller)
  const { approval, recovery } = found
  const isApproved = approval !== null
  const apps = verifiedOf(found).map(factor => isApproved ? rowOf(factor) : nameOf(factor))
  return {
    kind: 'manage',
    apps,
    isApproved,
    // With `reenroll`, those of former providers don't count. How many they are, only the enrollment knows.
    canAdd: apps.length < maxFactors || reenroll,
    recoveryCodes: recovery?.remaining ?? null,
    remembered: isApproved ? await countBrowsers(context, visit) : null,
    refusedName
  }
}

async function countBrowsers (
  { verifier, settings: { rememberFor } }: FlowContext, { caller }: Visit
): Promise<number | null> {
  return rememberFor === null ? null : (await verifier.browsers(caller)).length
}

/** The user's verified factors. */
export function verifiedOf ({ factors }: Factors): Factor[] {
  return factors.filter(({ status }) => status === 'verified')
}

function rowOf ({ sid, friendlyName, verifiedAt, lastUsedAt }: Factor): AppRow {
  return { sid, name: friendlyName, verifiedAt, lastUsedAt }
}

function nameOf ({ sid, friendlyName }: Factor): AppRow {
  return { sid, name: friendlyName, verifiedAt: null, lastUsedAt: null }
}
