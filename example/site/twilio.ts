import { twilioProvider, type TwilioProvider } from 'fastify-verify-totp'
import type { TwilioSettings } from './settings.js'

/** Twilio Verify by its own client, which is loaded only here. */
export async function twilioIn (
  { accountSid, authToken, serviceSid, baseUrl }: TwilioSettings
): Promise<TwilioProvider> {
  const { default: twilio } = await import('twilio')
  if (baseUrl === null) return twilioProvider({ client: twilio(accountSid, authToken), serviceSid })
  // An edge or region of the environment would become part of the host, and credentials go elsewhere.
  const client = twilio(accountSid, authToken, { edge: '', region: '' })
  client.verify.baseUrl = baseUrl
  return twilioProvider({ client, serviceSid })
}
