import { hotpKey, type HotpConfig } from '../otp/hotp.js'
import type { Alg, HmacKey } from '../otp/hmac.js'
import { decodeSecret } from '../otp/secret.js'

/** What an app keeps of a key URI. */
export interface ScannedKey extends HotpConfig {
  readonly issuer: string
  readonly account: string
  readonly timeStep: number
  readonly key: HmacKey
}

const ALGS: ReadonlyMap<string, Alg> = new Map([['SHA1', 'sha1'], ['SHA256', 'sha256'], ['SHA512', 'sha512']])

/** Reads an `otpauth://` URI as an app does that scanned it. Throws an error for a URI that apps refuse. */
export function scanKey (uri: string): ScannedKey {
  const [, type, label = '', query = ''] = /^otpauth:\/\/(\w+)\/([^?#]+)\?([^#]+)$/i.exec(uri) ?? []
  if (type === undefined) throw refusal('it is no otpauth:// URI with a type, a label and parameters')
  if (type.toLowerCase() !== 'totp') throw refusal(`its type is ${type} instead of totp`)
  const parameters = parametersOf(query)
  const parameter = (name: string, byDefault: string) => parameters.get(name) ?? byDefault

  const [first = '', ...rest] = decoded(label).split(':')
  const [prefix, account] = rest.length === 0 ? ['', first] : [first, rest.join(':').trimStart()]
  if (account === '') throw refusal('it names no account')

  const algorithm = parameter('algorithm', 'SHA1')
  const alg = ALGS.get(algorithm.toUpperCase())
  if (alg === undefined) throw refusal(`its algorithm is ${algorithm} instead of ${[...ALGS.keys()].join(', ')}`)
  const [digits, period] = [parameter('digits', '6'), parameter('period', '30')]
  if (!/^[678]$/.test(digits)) throw refusal(`its digits are ${digits} instead of 6, 7 or 8`)
  if (!/^[1-9]\d{0,3}$/.test(period)) throw refusal(`its period is ${period} instead of a number of seconds`)

  return {
    issuer: parameter('issuer', prefix),
    account,
    alg,
    codeLength: Number(digits),
    timeStep: Number(period),
    key: keyOf(alg, parameter('secret', ''))
  }
}

function keyOf (alg: Alg, secret: string): HmacKey {
  try {
    return hotpKey(alg, decodeSecret(secret))
  } catch (error) {
    throw refusal('it has no usable secret', error)
  }
}

/** Unlike `URLSearchParams`, apps show a `+` as it is. */
function parametersOf (query: string): Map<string, string> {
  return new Map(query.split('&').map(pair => {
    const [name = '', ...value] = pair.split('=')
    return [decoded(name), decoded(value.join('='))]
  }))
}

function decoded (text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw refusal('its percent-encoding is broken', error)
  }
}

/** The URI stays out of the message: it has the secret in it. */
function refusal (reason: string, cause?: unknown): Error {
  return new Error(`an authenticator app refuses this key URI: ${reason}`, { cause })
}
