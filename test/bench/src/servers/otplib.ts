import { verify } from 'otplib'
import { STEP } from '../population.js'
import { NOW, serveByHand } from './by-hand.js'

await serveByHand(async (secret, token) => {
  const { valid } = await verify({ secret, token, epoch: NOW, epochTolerance: STEP })
  return valid
})
