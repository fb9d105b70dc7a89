/** Whether this can name a Verify service. */
export const isServiceSid = named(/^VA[0-9a-fA-F]{32}$/)
/** Whether this can name a factor at Twilio. */
export const isFactorSid = named(/^YF[0-9a-fA-F]{32}$/)
/** Whether this can name a challenge at Twilio. */
export const isChallengeSid = named(/^YC[0-9a-fA-F]{32}$/)
/** Whether this can name an entity at Twilio. */
export const isIdentity = named(/^[A-Za-z0-9-]{8,64}$/)

function named (pattern: RegExp): (value: unknown) => value is string {
  return (value): value is string => typeof value === 'string' && pattern.test(value)
}
