import { twilioProvider, type TwilioProvider } from 'fastify-verify-totp'
import type { TwilioSettings } from './settings.js'

/** Creates the provider for Twilio Verify. Only here is Twilio's client loaded. */
export async function createTwilioProvider (
  { accountSid, authToken, serviceSid, baseUrl }: TwilioSettings
): Promise<TwilioProvider> {
  const { default: twilio } = await import('twilio')
  if (baseUrl === null) return twilioProvider({ client: twilio(accountSid, authToken), serviceSid })
  // An edge or region from the environment would change the host, and send the credentials elsewhere.
  const client = twilio(accountSid, authToken, { edge: '', region: '' })
  client.verify.baseUrl = baseUrl
  return twilioProvider({ client, serviceSid })
}
