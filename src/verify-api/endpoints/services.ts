import { newService, SERVICES, type ServiceSettings } from '../records/documents.js'
import { serviceIn, sidIn, type Answer, type Call, type Endpoint } from './endpoint.js'
import type { Form } from '../wire/form.js'
import { ofKeys, page } from '../wire/paging.js'
import { flag, foreignSid, integer, oneOf, required, text, type Reader } from '../wire/parameters.js'
import { found } from '../records/records.js'
import { urls, wireService } from './resources.js'
import { newSid } from '../wire/sid.js'

/** Longest name of a service, and longest text of all else that is remembered of it. */
const LONGEST_NAME = 30
const LONGEST_TEXT = 255

/** How each setting is read. Only those of TOTP have a meaning here; the others are remembered. */
const READERS: { readonly [Name in keyof ServiceSettings]: Reader<NonNullable<ServiceSettings[Name]>> } = {
  FriendlyName: text(LONGEST_NAME),
  CodeLength: integer(4, 10),
  LookupEnabled: flag,
  SkipSmsToLandlines: flag,
  DtmfInputRequired: flag,
  TtsName: text(LONGEST_TEXT),
  Psd2Enabled: flag,
  DoNotShareWarningEnabled: flag,
  CustomCodeEnabled: flag,
  'Push.IncludeDate': flag,
  'Push.ApnCredentialSid': foreignSid('CR'),
  'Push.FcmCredentialSid': foreignSid('CR'),
  'Totp.Issuer': text(64),
  'Totp.TimeStep': integer(20, 60),
  'Totp.CodeLength': integer(3, 8),
  'Totp.Skew': integer(0, 2),
  DefaultTemplateSid: foreignSid('HJ'),
  'Whatsapp.MsgServiceSid': foreignSid('MG'),
  'Whatsapp.From': text(LONGEST_TEXT),
  'Passkeys.RelyingParty.Id': text(LONGEST_TEXT),
  'Passkeys.RelyingParty.Name': text(LONGEST_TEXT),
  'Passkeys.RelyingParty.Origins': text(LONGEST_TEXT),
  'Passkeys.AuthenticatorAttachment': oneOf(['', 'platform', 'cross-platform', 'any']),
  'Passkeys.DiscoverableCredentials': oneOf(['', 'required', 'preferred', 'discouraged']),
  'Passkeys.UserVerification': oneOf(['', 'required', 'preferred', 'discouraged']),
  VerifyEventSubscriptionEnabled: flag
}

/** What a service is of which only the name was given. */
const DEFAULTS: Omit<ServiceSettings, 'FriendlyName'> = {
  CodeLength: 6,
  LookupEnabled: false,
  SkipSmsToLandlines: false,
  DtmfInputRequired: false,
  TtsName: null,
  Psd2Enabled: false,
  DoNotShareWarningEnabled: false,
  CustomCodeEnabled: false,
  'Push.IncludeDate': false,
  'Push.ApnCredentialSid': null,
  'Push.FcmCredentialSid': null,
  'Totp.Issuer': null,
  'Totp.TimeStep': null,
  'Totp.CodeLength': null,
  'Totp.Skew': null,
  DefaultTemplateSid: null,
  'Whatsapp.MsgServiceSid': null,
  'Whatsapp.From': null,
  'Passkeys.RelyingParty.Id': null,
  'Passkeys.RelyingParty.Name': null,
  'Passkeys.RelyingParty.Origins': null,
  'Passkeys.AuthenticatorAttachment': null,
  'Passkeys.DiscoverableCredentials': null,
  'Passkeys.UserVerification': null,
  VerifyEventSubscriptionEnabled: false
}

/** The operations on services. */
export const services: readonly Endpoint[] = [
  { method: 'POST', path: '/v2/Services', invalid: 60200, handle: create },
  { method: 'GET', path: '/v2/Services', handle: list },
  { method: 'GET', path: '/v2/Services/:service', handle: fetch },
  { method: 'POST', path: '/v2/Services/:service', invalid: 60200, handle: update },
  { method: 'DELETE', path: '/v2/Services/:service', handle: remove }
]

async function create ({ records, place, form }: Call): Promise<Answer> {
  const FriendlyName = required(form, 'FriendlyName', READERS.FriendlyName)
  const settings = { ...DEFAULTS, ...given(form), FriendlyName }
  const sid = newSid('VA')
  const service = await records.changeService(sid, (_absent, now) => {
    const next = newService(sid, settings, now)
    return { next, answer: next }
  })
  return { status: 201, body: wireService(place, service) }
}

async function list ({ records, place, query }: Call): Promise<Answer> {
  const body = await page({
    key: 'services',
    anchor: ({ sid }) => sid,
    ...ofKeys(after => records.keys(SERVICES, after), SERVICES, async sid => await records.service(sid)),
    shown: service => wireService(place, service)
  }, urls.services(place), query)
  return { status: 200, body }
}

async function fetch (call: Call): Promise<Answer> {
  return { status: 200, body: wireService(call.place, await serviceIn(call)) }
}

async function update (call: Call): Promise<Answer> {
  const changes = given(call.form)
  const service = await call.records.changeService(sidIn(call, 'service', 'VA'), (service, now) => {
    const { settings, ...rest } = found(service)
    const next = { ...rest, settings: { ...settings, ...changes }, updatedAt: now }
    return { next, answer: next }
  })
  return { status: 200, body: wireService(call.place, service) }
}

/**
 * The service goes first: from then on nothing in it can be reached, and what is left is swept up. Where that
 * failed, it is done by the same request again, although there is no service any more.
 */
async function remove (call: Call): Promise<Answer> {
  const { records } = call
  const sid = sidIn(call, 'service', 'VA')
  const service = await records.changeService(sid, service =>
    service === null ? { answer: null } : { next: null, answer: service })
  await records.removeEntities(sid)
  found(service)
  return { status: 204 }
}

/** The settings that a form has. */
function given (form: Form): Partial<ServiceSettings> {
  const read = Object.entries(READERS).map(([name, read]) => [name, read(form, name)])
  return Object.fromEntries(read.filter(([, value]) => value !== undefined))
}
