import t from 'tap'
import { standIn } from './stand-in.js'

const TEXT = 'x'.repeat(255)

/** A setting: its place in the resource, its default, valid values, and invalid ones. */
type Row = readonly [at: string, byDefault: unknown, valid: unknown[], invalid: string[]]

const SETTINGS: Readonly<Record<string, Row>> = {
  FriendlyName: ['friendly_name', 'x', ['Bank', 'y'.repeat(30)], ['', 'y'.repeat(31)]],
  CodeLength: ['code_length', 6, [4, 10], ['3', '11']],
  LookupEnabled: ['lookup_enabled', false, [true, false], ['yes']],
  SkipSmsToLandlines: ['skip_sms_to_landlines', false, [true, false], ['yes']],
  DtmfInputRequired: ['dtmf_input_required', false, [true, false], ['yes']],
  TtsName: ['tts_name', null, ['a', TEXT], ['', `${TEXT}x`]],
  Psd2Enabled: ['psd2_enabled', false, [true, false], ['yes']],
  DoNotShareWarningEnabled: ['do_not_share_warning_enabled', false, [true, false], ['yes']],
  CustomCodeEnabled: ['custom_code_enabled', false, [true, false], ['yes']],
  'Push.IncludeDate': ['push.include_date', false, [true, false], ['yes']],
  'Push.ApnCredentialSid': ['push.apn_credential_sid', null, [`CR${'a'.repeat(32)}`], ['CR1', `HJ${'a'.repeat(32)}`]],
  'Push.FcmCredentialSid': ['push.fcm_credential_sid', null, [`CR${'B'.repeat(32)}`], ['CR1', `HJ${'a'.repeat(32)}`]],
  'Totp.Issuer': ['totp.issuer', null, ['a', 'b'.repeat(64)], ['', 'b'.repeat(65)]],
  'Totp.TimeStep': ['totp.time_step', null, [20, 60], ['19', '61']],
  'Totp.CodeLength': ['totp.code_length', null, [3, 8], ['2', '9']],
  'Totp.Skew': ['totp.skew', null, [0, 2], ['-1', '3']],
  DefaultTemplateSid: ['default_template_sid', null, [`HJ${'0'.repeat(32)}`], ['HJ1', `CR${'a'.repeat(32)}`]],
  'Whatsapp.MsgServiceSid': ['whatsapp.msg_service_sid', null, [`MG${'0'.repeat(32)}`], ['MG1']],
  'Whatsapp.From': ['whatsapp.from', null, ['a', TEXT], ['', `${TEXT}x`]],
  'Passkeys.RelyingParty.Id': ['passkeys.relying_party.id', null, ['a', TEXT], ['', `${TEXT}x`]],
  'Passkeys.RelyingParty.Name': ['passkeys.relying_party.name', null, ['a', TEXT], ['', `${TEXT}x`]],
  'Passkeys.RelyingParty.Origins': ['passkeys.relying_party.origins', null, ['a', 'a,b'], ['', `${TEXT}x`]],
  'Passkeys.AuthenticatorAttachment': [
    'passkeys.authenticator_attachment', null, ['', 'platform', 'cross-platform', 'any'], ['none']],
  'Passkeys.DiscoverableCredentials': [
    'passkeys.discoverable_credentials', null, ['', 'required', 'preferred', 'discouraged'], ['never']],
  'Passkeys.UserVerification': [
    'passkeys.user_verification', null, ['', 'required', 'preferred', 'discouraged'], ['never']],
  VerifyEventSubscriptionEnabled: ['verify_event_subscription_enabled', false, [true, false], ['yes']]
}

/** All settings of a resource, by their parameters. */
function settingsOf (resource: unknown): Record<string, unknown> {
  const valueAt = (at: string) => at.split('.').reduce((group, name) => Object(group)[name], resource)
  return Object.fromEntries(Object.entries(SETTINGS).map(([name, [at]]) => [name, valueAt(at)]))
}

t.test('a new service has the default of every setting', async t => {
  const { fetch } = await standIn(t)
  const { body } = await fetch('/Services', { method: 'POST', form: { FriendlyName: 'x' } })
  const defaults = Object.entries(SETTINGS).map(([name, [, byDefault]]) => [name, byDefault])
  t.strictSame(settingsOf(body), Object.fromEntries(defaults))
})

t.test('every setting is checked, stored and returned in its place, and changes no other', async t => {
  const { fetch, serviceSid } = await standIn(t)
  const path = `/Services/${serviceSid}`
  for (const [name, [at, , valid, invalid]] of Object.entries(SETTINGS)) {
    for (const value of valid) {
      const before = settingsOf((await fetch(path)).body)
      await fetch(path, { method: 'POST', form: { [name]: String(value) } })
      const returned = at.endsWith('.origins') ? String(value).split(',') : value
      t.strictSame(settingsOf((await fetch(path)).body), { ...before, [name]: returned }, `${name} ${String(value)}`)
    }
    for (const value of invalid) {
      const { status, body } = await fetch(path, { method: 'POST', form: { [name]: value } })
      t.same([status, body.code], [400, 60200], `${name} ${value}`)
      t.match(body.message, name)
    }
  }
})
