import * as OTPAuth from 'otpauth'
import { NOW, serveByHand } from './by-hand.js'

await serveByHand((secret, token) => {
  const totp = new OTPAuth.TOTP({ secret: OTPAuth.Secret.fromBase32(secret) })
  return totp.validate({ token, timestamp: NOW * 1000, window: 1 }) !== null
})
