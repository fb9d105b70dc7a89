import twilio from 'twilio'
import { authenticator } from '../authenticator.js'

/** The line that `serve --json` prints. */
export interface Printed {
  readonly baseUrl: string
  readonly accountSid: string
  readonly authToken: string
  readonly serviceSid: string
}

/** Parses the output of `serve --json`. Throws if it is more than one line. */
export function printed (stdout: string): Printed {
  const [line = '', ...more] = stdout.split('\n')
  if (more.join('\n') !== '') throw new Error(`more than one line: ${stdout}`)
  return JSON.parse(line)
}

/** The service, through Twilio's helper library. */
export function serviceOf ({ baseUrl, accountSid, authToken, serviceSid }: Printed) {
  const client = twilio(accountSid, authToken)
  client.verify.baseUrl = baseUrl
  return client.verify.v2.services(serviceSid)
}

/** Enrolls a phone. The code of this step verifies the factor, so the next one is unused. */
export async function enroll (server: Printed, identity: string) {
  const entity = serviceOf(server).entities(identity)
  const { sid, binding } = await entity.newFactors.create({ friendlyName: 'Phone', factorType: 'totp' })
  const phone = authenticator(binding.secret)
  const { status } = await entity.factors(sid).update({ authPayload: phone.code(now()) })
  return { sid, secret: binding.secret, status, nextCode: () => phone.code(now() + 30) }
}

/** Creates a challenge with a code, and returns its status. */
export async function challenge (
  server: Printed, identity: string, factorSid: string, authPayload: string
): Promise<string> {
  const { status } = await serviceOf(server).entities(identity).challenges.create({ factorSid, authPayload })
  return status
}

function now (): number {
  return Math.floor(Date.now() / 1000)
}
