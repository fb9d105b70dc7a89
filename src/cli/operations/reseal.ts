import { reseal } from '../../operations/reseal.js'
import type { Command } from '../command.js'
import { neededKeys } from '../keys.js'
import { withStore } from './open-store.js'
import { KEYS_HELP, parseStoreArguments, STORE_HELP } from './store-choice.js'
import { countForProgress, tallyOutcomes } from './tally.js'

const HELP = `Usage: fastify-verify-totp reseal [options]

Seals all secrets of the plugin with the first key, while the servers run. It needs the same keys as the servers,
from the variable TOTP_KEYS or from a file: base64 of 32 bytes each, separated by commas or blanks. Before you run
it, make the new key the first key of every server, and keep a copy: without its key a secret is lost.

You can stop it and run it again at any time: secrets that are already resealed are skipped. Once a run reports
nothing but "current", wait ten minutes, then remove the other keys.

${STORE_HELP}${KEYS_HELP}  --help                prints this help
`

/** Seals all secrets with the first key. */
export const resealCommand: Command = {
  summary: 'seals all secrets with the first key',
  help: HELP,

  async run (args, environment) {
    const { env } = environment
    const { choice, keysFile } = parseStoreArguments({ name: 'reseal', options: ['keys'] }, args, env)
    const keys = await neededKeys('reseal', keysFile, env)
    await withStore(choice, async store => {
      const total = await countForProgress(environment, store)
      await tallyOutcomes(environment, total, reseal({ store, keys }), () => null)
    })
  }
}
