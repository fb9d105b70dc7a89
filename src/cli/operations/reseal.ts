import { reseal as resealAll } from '../../operations/reseal.js'
import { withStore } from './open-store.js'
import { keysIn, keysOf } from '../keys.js'
import { tellAll, totalFor } from './tally.js'
import type { Command } from '../command.js'
import { StartError } from '../failure.js'
import { STORE_HELP, storeOptionsOf } from './store-choice.js'

const HELP = `Usage: fastify-verify-totp reseal [options]

Seals every secret of the plugin under the first of the keys, while servers run. It takes the keys that the
servers have, from the variable TOTP_KEYS or a file: 32 bytes each in base64, with commas between. Every server
needs the new key as its first before, and you a copy of it: what is sealed under a key that gets lost is lost.

It can be stopped and repeated at any time: what is sealed stays sealed. When everything is "current", the
other keys can go, ten minutes later.

${STORE_HELP}  --keys <file>         file of the keys
  --help                prints this
`

/** Seals every secret under the first key. */
export const reseal: Command = {
  summary: 'seals every secret under the first key',
  help: HELP,

  async run (args, surroundings) {
    const { env } = surroundings
    const { choice, keysFile } = storeOptionsOf('reseal', ['keys'], args, env)
    const keys = keysFile === null ? keysOf(requireKeys(env['TOTP_KEYS']), 'TOTP_KEYS') : await keysIn(keysFile)
    await withStore(choice, async store => {
      const total = await totalFor(surroundings, store)
      await tellAll(surroundings, total, resealAll({ store, keys }), () => null)
    })
  }
}

function requireKeys (text: string | undefined): string {
  if (text === undefined) throw new StartError('the keys are needed: TOTP_KEYS, or --keys with a file')
  return text
}
