import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ROOT } from '../root.js'

/** Files whose tests make no site. */
const WITHOUT_SERVER = ['browser-cookie.test.ts', 'endpoints.test.ts', 'schema.test.ts']

/** Runs every test of a folder once more, with the server that is in use. */
export async function runAgain (folder: string, without: readonly string[] = []): Promise<void> {
  const files = readdirSync(join(ROOT, 'test', folder))
    .filter(file => /^[^.]+\.test\.ts$/.test(file) && ![...WITHOUT_SERVER, ...without].includes(file))
  // The tests of one file might end before the next file is loaded: none of them begins until all are.
  await t.test(`the tests of ${folder} are loaded`, async () => {
    for (const file of files) await import(`../${folder}/${file.replace(/ts$/, 'js')}`)
  })
}
