import {
  integer as integerShape, oneOf as oneOfShape, orNull, record, text as textShape, type Fitting, type Shape
} from '../../shape.js'
import type { Form } from '../wire/form.js'
import { flag, foreignSid, integer, oneOf, required as readRequired, text, type Reader } from '../wire/parameters.js'

/** Any text that a parameter can set. */
export const StoredText = textShape(/^.{0,256}$/su)

/** A kind of value: as a parameter, in a document, and in a resource. */
interface Kind<Value> {
  readonly read: Reader<Value>
  readonly stored: Shape<Value>
  /** Converts the stored value for the resource. @default as it is stored */
  readonly render?: (value: unknown) => unknown
}

/** A setting of a service. */
interface Setting<Parameter, Value> extends Omit<Kind<Parameter>, 'stored'> {
  readonly stored: Shape<Value>
  /** Where the resource has it; a dot separates a group from its members. */
  readonly at: string
  /** The value of a new service whose form doesn't set it. */
  readonly default: Value
}

const MAX_TEXT_LENGTH = 255

const boolean: Kind<boolean> = { read: flag, stored: oneOfShape(true, false) }

const origins: Kind<string> = {
  ...textUpTo(MAX_TEXT_LENGTH),
  render: value => typeof value === 'string' ? value.split(',') : value
}

/**
 * All settings of a service, by the names of their parameters; documents store them under the same names.
 * Only the friendly name and `Totp.*` have an effect on TOTP. The others are stored and returned.
 */
const SETTINGS = {
  FriendlyName: setting('friendly_name', textUpTo(30), ''),
  CodeLength: setting('code_length', integerFrom(4, 10), 6),
  LookupEnabled: setting('lookup_enabled', boolean, false),
  Psd2Enabled: setting('psd2_enabled', boolean, false),
  SkipSmsToLandlines: setting('skip_sms_to_landlines', boolean, false),
  DtmfInputRequired: setting('dtmf_input_required', boolean, false),
  TtsName: optional('tts_name', textUpTo(MAX_TEXT_LENGTH)),
  DoNotShareWarningEnabled: setting('do_not_share_warning_enabled', boolean, false),
  CustomCodeEnabled: setting('custom_code_enabled', boolean, false),
  'Push.IncludeDate': setting('push.include_date', boolean, false),
  'Push.ApnCredentialSid': optional('push.apn_credential_sid', sidOf('CR')),
  'Push.FcmCredentialSid': optional('push.fcm_credential_sid', sidOf('CR')),
  'Totp.Issuer': optional('totp.issuer', textUpTo(64)),
  'Totp.TimeStep': optional('totp.time_step', integerFrom(20, 60)),
  'Totp.CodeLength': optional('totp.code_length', integerFrom(3, 8)),
  'Totp.Skew': optional('totp.skew', integerFrom(0, 2)),
  DefaultTemplateSid: optional('default_template_sid', sidOf('HJ')),
  'Whatsapp.MsgServiceSid': optional('whatsapp.msg_service_sid', sidOf('MG')),
  'Whatsapp.From': optional('whatsapp.from', textUpTo(MAX_TEXT_LENGTH)),
  'Passkeys.RelyingParty.Id': optional('passkeys.relying_party.id', textUpTo(MAX_TEXT_LENGTH)),
  'Passkeys.RelyingParty.Name': optional('passkeys.relying_party.name', textUpTo(MAX_TEXT_LENGTH)),
  'Passkeys.RelyingParty.Origins': optional('passkeys.relying_party.origins', origins),
  'Passkeys.AuthenticatorAttachment':
    optional('passkeys.authenticator_attachment', wordOf('', 'platform', 'cross-platform', 'any')),
  'Passkeys.DiscoverableCredentials':
    optional('passkeys.discoverable_credentials', wordOf('', 'required', 'preferred', 'discouraged')),
  'Passkeys.UserVerification':
    optional('passkeys.user_verification', wordOf('', 'required', 'preferred', 'discouraged')),
  VerifyEventSubscriptionEnabled: setting('verify_event_subscription_enabled', boolean, false)
}

type Settings = typeof SETTINGS

/** The settings in the document of a service. */
export const SettingsShape = record(column('stored'))

/** The settings of a service, by the names of their parameters. */
export interface ServiceSettings extends Fitting<typeof SettingsShape> {}

/** The settings of a new service. Its form must have the friendly name; all others have a default. */
export function newSettings (form: Form): ServiceSettings {
  const FriendlyName = readRequired(form, 'FriendlyName', SETTINGS.FriendlyName.read)
  return { ...column('default'), ...changedSettings(form), FriendlyName }
}

/** The settings in a form. */
export function changedSettings (form: Form): Partial<ServiceSettings> {
  const read = Object.entries(SETTINGS).map(([name, { read }]) => [name, read(form, name)])
  return Object.fromEntries(read.filter(([, value]) => value !== undefined))
}

/** The settings as the resource of a service has them. */
export function settingsResource (settings: ServiceSettings): object {
  const values = new Map<string, unknown>(Object.entries(settings))
  return Object.entries(SETTINGS).reduce<Group>((resource, [name, { at, render = same }]) =>
    withValue(resource, at.split('.'), render(values.get(name))), {})
}

function setting<Value> (at: string, kind: Kind<Value>, byDefault: Value): Setting<Value, Value> {
  return { ...kind, at, default: byDefault }
}

function optional<Value> (at: string, kind: Kind<Value>): Setting<Value, Value | null> {
  return { ...kind, at, stored: orNull(kind.stored), default: null }
}

function textUpTo (maxLength: number): Kind<string> {
  return { read: text(maxLength), stored: StoredText }
}

function integerFrom (min: number, max: number): Kind<number> {
  return { read: integer(min, max), stored: integerShape(min, max) }
}

function sidOf (prefix: string): Kind<string> {
  return { read: foreignSid(prefix), stored: StoredText }
}

function wordOf (...words: readonly string[]): Kind<string> {
  return { read: oneOf(words), stored: StoredText }
}

/** One column of the table. */
function column<Name extends 'stored' | 'default'> (
  name: Name
): { readonly [Key in keyof Settings]: Settings[Key][Name] } {
  const cells = Object.entries(SETTINGS).map(([key, setting]) => [key, setting[name]])
  return Object.fromEntries(cells)
}

interface Group { readonly [name: string]: unknown }

function withValue (group: Group, [name = '', ...inner]: readonly string[], value: unknown): Group {
  if (inner.length === 0) return { ...group, [name]: value }
  const present = group[name]
  return { ...group, [name]: withValue(isGroup(present) ? present : {}, inner, value) }
}

function isGroup (value: unknown): value is Group {
  return typeof value === 'object' && value !== null
}

function same (value: unknown): unknown {
  return value
}
