import { newEntity, newSid, type UnverifiedEmbedded } from '../entity/entity.js'
import { CONFIG_RULES } from '../entity/config.js'
import { fittingName, namesOf } from '../entity/friendly-name.js'
import { hashOf, nextMarkOf, type Session } from '../entity/mark.js'
import { checkOptions, must, onlyKnown, required } from '../option-checks.js'
import type { TotpConfig } from '../otp/totp.js'
import { ownOnly } from '../own-property.js'
import type { LocalProvider } from '../providers/provider.js'
import { sessionOf, type Caller } from './caller.js'
import { change, type VerifierContext } from './context.js'
import {
  begun, enrolled, unverifiedPart, type Enrolled, type Enrollment, type EnrollOptions, type ImportedConfig
} from './enrolled.js'
import { refusalOfFriendlyName, refusalOfKnownSecret, throwRefusal } from './preconditions.js'
import { enrollRemotely } from './remote/enrollment.js'

/** Creates an unverified factor, in the place of the one that the identity may have. */
export async function enroll (
  context: VerifierContext, caller: Caller, options: EnrollOptions
): Promise<Enrolled> {
  const session = sessionOf(caller)
  onlyKnown('enroll.', options, ['friendlyName', 'account', 'secret', 'config'])
  const { friendlyName, account, secret, config } = ownOnly(options)
  if (friendlyName !== undefined) throwRefusal(refusalOfFriendlyName(friendlyName))
  const mark = session !== null && session.hash === null ? nextMarkOf(session) : null
  const enrollment: Enrollment = {
    caller,
    session,
    mark,
    hash: session?.hash ?? (mark && hashOf(mark)),
    secret,
    config: configOf(context, session, config),
    namesIn: namer(friendlyName, accountOf(account), context.issuer)
  }
  const { present } = context.providers
  return present.name === 'embedded'
    ? await enrollHere(context, present, enrollment)
    : await enrollRemotely(context, present, enrollment)
}

async function enrollHere (
  context: VerifierContext, provider: LocalProvider, enrollment: Enrollment
): Promise<Enrolled> {
  const { caller, config, namesIn, secret: given } = enrollment
  return await change(context, caller, (kept, now) => {
    const entity = begun(context, kept ?? newEntity(caller.identity, now), enrollment, now)
    const sid = newSid('YF')
    const { friendlyName, label } = namesIn(entity)
    const { secret, uri, sealed } = provider.bind({
      identity: entity.identity, factorSid: sid, label, config, secret: given
    })
    if (given !== undefined) throwRefusal(refusalOfKnownSecret(context, entity, secret))
    const unverified: UnverifiedEmbedded = {
      provider: 'embedded', sealed, ...unverifiedPart(entity, enrollment, friendlyName, sid, now)
    }
    return enrolled(entity, enrollment, unverified, { secret, uri })
  })
}

function namer (typed: string | undefined, account: string | null, issuer: string): Enrollment['namesIn'] {
  return ({ factors }) => namesOf(typed, account, factors.map(({ friendlyName }) => friendlyName), issuer)
}

function accountOf (account: string | null | undefined): string | null {
  if (account === undefined || account === null) return null
  must('enroll.account', typeof account === 'string', 'must be a string')
  return fittingName(account)
}

/** The parameters of the new factor's codes. Users must not choose those of their own. */
function configOf (
  { config, providers: { present } }: VerifierContext, session: Session | null,
  given: ImportedConfig | undefined
): TotpConfig {
  if (given === undefined) return config
  must('enroll.config', session === null, 'is for operators')
  const { alg, codeLength, timeStep, skew } = CONFIG_RULES
  const rules = { alg: required(alg), codeLength: required(codeLength), timeStep: required(timeStep), skew }
  checkOptions(given, rules, 'enroll.config.')
  const imported = { ...config, ...given }
  if (present.name === 'twilio') present.requireConfig(imported)
  return imported
}
