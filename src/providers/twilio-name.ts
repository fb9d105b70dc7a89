/** True for the sid of a Verify service. */
export const isServiceSid = named(/^VA[0-9a-fA-F]{32}$/)
/** True for the sid of a factor at Twilio. */
export const isFactorSid = named(/^YF[0-9a-fA-F]{32}$/)
/** True for the sid of a challenge at Twilio. */
export const isChallengeSid = named(/^YC[0-9a-fA-F]{32}$/)
/** True for an identity at Twilio. */
export const isIdentity = named(/^[A-Za-z0-9-]{8,64}$/)

function named (pattern: RegExp): (value: unknown) => value is string {
  return (value): value is string => typeof value === 'string' && pattern.test(value)
}
