import type { StandIn } from '../verify-api/stand-in.js'

/** The variables that switch the example to Twilio. */
export function environmentOf (
  { accountSid, authToken, serviceSid, baseUrl }: StandIn
): Record<string, string> {
  return {
    TWILIO_ACCOUNT_SID: accountSid,
    TWILIO_AUTH_TOKEN: authToken,
    TWILIO_VERIFY_SERVICE_SID: serviceSid,
    TWILIO_VERIFY_BASE_URL: baseUrl.replace('127.0.0.1', 'localhost'),
    // The client puts these into the host name. The credentials for a stand-in must not go there.
    TWILIO_EDGE: 'sydney',
    TWILIO_REGION: 'au1'
  }
}
