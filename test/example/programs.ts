import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The path of a program, or null if this machine doesn't have it. */
export function programPath (name: string): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return join(folder, name)
    } catch {
      continue
    }
  }
  return null
}

/** The reason to skip a test that needs these programs, or false. */
export function lacking (...names: string[]): string | false {
  const missing = names.filter(name => programPath(name) === null)
  return missing.length > 0 && `needs ${missing.join(', ')}`
}

/** The output of a program, without the final newline. */
export function output (program: string, args: string[], input?: Buffer): string {
  return execFileSync(program, args, { stdio: ['pipe', 'pipe', 'ignore'], ...(input && { input }) }).toString().trim()
}
