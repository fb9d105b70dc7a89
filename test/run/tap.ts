import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ROOT } from '../root.js'

const TAP = join(ROOT, 'node_modules/tap/dist/esm/run.mjs')

/** Runs tap's own command. A terminal shows progress; a log needs only the failures. */
export async function runTap (args: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  const reporter = process.stdout.isTTY ? 'base' : 'min'
  const tap = spawn(process.execPath, [TAP, `--reporter=${reporter}`, ...args], { cwd: ROOT, env, stdio: 'inherit' })
  const [code] = await once(tap, 'close')
  console.log()
  return code === 0
}
