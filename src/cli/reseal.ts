import { countIdentities } from '../operations/entities.js'
import { reseal as resealAll } from '../operations/reseal.js'
import { withStore } from './entity-store.js'
import { keysIn, keysOf } from './keys.js'
import { tellAll } from './outcomes.js'
import type { Command } from './run.js'
import { StartError } from './start-error.js'
import { STORE_HELP, storeOptionsOf } from './store-options.js'

const HELP = `Usage: fastify-verify-totp reseal [options]

Seals every secret under the first of the keys, while servers run; all of them need that key as their first
before. It can be stopped and repeated at any time: what is sealed stays sealed. When everything is "current",
the other keys can go, ten minutes later.

The keys are in the variable TOTP_KEYS, or in a file: 32 bytes each in base64, with commas between.

${STORE_HELP}  --keys <file>         file of the keys
  --after <identity>    goes on behind this identity
  --help                prints this
`

/** Seals every secret under the first key. */
export const reseal: Command = {
  summary: 'seals every secret under the first key',
  help: HELP,

  async run (args, surroundings) {
    const { env } = surroundings
    const { choice, after, keysFile } = storeOptionsOf('reseal', ['after', 'keys'], args, env)
    const keys = keysFile === null ? keysOf(requireKeys(env['TOTP_KEYS']), 'TOTP_KEYS') : await keysIn(keysFile)
    await withStore(choice, async store => {
      const options = { store, ...(after === null ? {} : { after }) }
      await tellAll(surroundings, await countIdentities(options), resealAll({ ...options, keys }), () => null)
    })
  }
}

function requireKeys (text: string | undefined): string {
  if (text === undefined) throw new StartError('the keys are needed: TOTP_KEYS, or --keys with a file')
  return text
}
