import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))

/** Runs a program in a process of its own; resolves to what it prints. */
export async function printedBy (program: string): Promise<string> {
  const args = ['--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: FOLDER })
  return stdout
}

/** The packages of which a program has loaded CommonJS modules. */
export async function packagesLoadedBy (program: string): Promise<string[]> {
  const listing = `${program}
    const { default: { _cache } } = await import('node:module')
    console.log(Object.keys(_cache).map(file => file.split('/node_modules/').at(-1).split('/')[0]).join())`
  return (await printedBy(listing)).trim().split(',')
}
