import { MAX_FACTORS, MAX_RECOVERY_CODES } from '../../src/entity/entity.js'
import type { Verifier } from '../../src/index.js'
import { verifierOn as verifierWith, type Parts } from '../verifier/rig.js'

export { keyring } from '../verifier/rig.js'

/** A verifier that takes as many factors and recovery codes as a document may have. */
export function verifierOn (parts: Parts): Verifier {
  return verifierWith({ maxFactors: MAX_FACTORS, recoveryCodes: MAX_RECOVERY_CODES, ...parts })
}
